"""Both servers in one event loop: when one ends, so does the other, and the exit code says how."""

import asyncio
import logging
import os
import signal
import socket
from contextlib import nullcontext
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from magic_proxy import config, logs, mcp_server, proxy
from magic_proxy.stores import Stores, Unreachable

# Less than the 30 s after which the engine kills: requests finish, and the stores are still closed in order.
FINISH_WITHIN = 20

log = logging.getLogger("magic_proxy.server")


class Server(uvicorn.Server):
    """Leaves signals to `run`: they are for both servers."""

    def __init__(self, app: Starlette) -> None:
        # What isn't used here isn't imported: log set-up, WebSockets, lifespan events.
        super().__init__(
            uvicorn.Config(
                app,
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=FINISH_WITHIN,
            )
        )

    def capture_signals(self):
        return nullcontext()


async def run(settings: config.Config) -> int:
    """Runs until a signal, or until one of the servers ends; gives the exit code."""
    stop_at_signal(asyncio.current_task())
    stores = Stores()
    try:
        await stores.start()
        await serve(
            {
                int(os.environ.get("MAGIC_PROXY_PORT", "8001")): Server(proxy.create(settings, stores)),
                int(os.environ.get("MCP_SERVER_PORT", "8002")): Server(mcp_server.create(stores)),
            }
        )
    except asyncio.CancelledError:
        log.info("stopped, as asked")
        return 0
    except Unreachable as error:
        log.exception("%s", error)
        return 1
    except OSError as error:
        log.error("%s", error.strerror or error)
        return 1
    finally:
        await stores.stop()
    log.error("a server ended by itself, and so the other was stopped")
    return 1


def stop_at_signal(task: asyncio.Task) -> None:
    """Ends `task` in order at the first SIGTERM or SIGINT; the second ends the process at once."""
    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT)

    def stop() -> None:
        for number in signals:
            loop.remove_signal_handler(number)
        task.cancel()

    for number in signals:
        loop.add_signal_handler(number, stop)


async def serve(servers: dict[int, Server]) -> None:
    """Serves each on its port until one ends or this is cancelled; all finish the requests that they have begun."""
    # Before any of them serves: a taken port must not end one while the other has requests.
    sockets = {port: bound(port) for port in servers}
    tasks = [asyncio.create_task(server.serve([sockets[port]])) for port, server in servers.items()]
    log.info("magic-proxy and mcp-server listen on %s", " and ".join(f":{port}" for port in servers))
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for server in servers.values():
            server.should_exit = True
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, BaseException):
                log.error("a server ended with an error", exc_info=result)


def bound(port: int) -> socket.socket:
    """A socket on all of the container's addresses."""
    # Only with the protocol named does asyncio switch Nagle's algorithm off, which holds an answer's body back by 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("0.0.0.0", port))
    except OSError as error:
        listener.close()
        raise OSError(error.errno, f"port {port} can't be used: {error.strerror}") from error
    return listener


def main() -> int:
    """The process's exit code."""
    logs.set_up()
    try:
        settings = config.load(Path(os.environ.get("PROXY_CONFIG", "proxy_config.yaml")))
        return asyncio.run(run(settings))
    except config.ConfigError as error:
        log.error("%s", error)
    except Exception:
        # In the same form as everything else: one line, found by a search for errors.
        log.exception("the app ended with an error that nothing expected")
    return 1
