"""Both servers in one event loop: when one ends, so does the other, and the process says how."""

import asyncio
import logging
import os
import signal
from contextlib import nullcontext
from pathlib import Path

import uvicorn

from magic_proxy import config, logs, mcp_server, proxy
from magic_proxy.stores import Stores

log = logging.getLogger("magic_proxy.server")


class Server(uvicorn.Server):
    """Leaves signals to us: they are for both servers."""

    def capture_signals(self):
        return nullcontext()


def server(app, port: int) -> Server:
    """One HTTP server on all of the container's addresses."""
    return Server(uvicorn.Config(app, host="0.0.0.0", port=port, log_config=None, access_log=False, lifespan="off"))


async def serve(settings: dict) -> int:
    """Runs until a signal, or until one of the servers ends; gives the exit code."""
    stores = Stores()
    try:
        await stores.start()
    except Exception:
        log.exception("Kafka or Redis can't be used")
        await stores.stop()
        return 1
    servers = [
        server(proxy.create(settings, stores), int(os.environ.get("MAGIC_PROXY_PORT", "8001"))),
        server(mcp_server.create(stores), int(os.environ.get("MCP_SERVER_PORT", "8002"))),
    ]

    asked = asyncio.Event()

    def stop() -> None:
        asked.set()
        for one in servers:
            one.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    tasks = [asyncio.create_task(one.serve()) for one in servers]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    stop_was_asked = asked.is_set()
    stop()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    await stores.stop()
    for result in results:
        if isinstance(result, BaseException):
            log.error("a server ended with an error", exc_info=result)
    if stop_was_asked:
        log.info("stopped")
        return 0
    log.error("a server ended by itself")
    return 1


def main() -> int:
    """The process's exit code."""
    logs.set_up()
    try:
        settings = config.load(Path(os.environ.get("PROXY_CONFIG", "proxy_config.yaml")))
    except config.ConfigError as error:
        log.error("%s", error)
        return 1
    return asyncio.run(serve(settings))
