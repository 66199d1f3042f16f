"""Starts magic-proxy (:8001) and mcp-server (:8002) in one process with one log stream."""

from magic_proxy.server import main

if __name__ == "__main__":
    main()
