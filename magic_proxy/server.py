"""Both servers in one event loop: when one ends, so does the other, and the exit code says how."""

import asyncio
import gc
import logging
import os
import signal
import socket
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any, cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.supervisors.statreload import StatReload

from magic_proxy import logs, mcp_server, proxy, tracing
from magic_proxy.config import ConfigError
from magic_proxy.gate import Gate
from magic_proxy.gateway import Gateway
from magic_proxy.worker import Worker

# Less than the 30 s after which the engine kills: requests finish, and the stores are still closed in order.
FINISH_WITHIN = 20
# What has not ended by then is ended with an error that says so.
CUT_AFTER = 18
# How long the servers wait for Kafka and Redis before they serve without, and say so on the health page.
STORES_WITHIN = 5

log = logging.getLogger("magic_proxy.server")


class Server(uvicorn.Server):
    """One of the applications behind the gate; leaves signals to `run`: they are for both."""

    capture_signals: Any = nullcontext

    def __init__(self, gateway: Gateway, app: ASGIApp) -> None:
        # What isn't used here isn't imported: log set-up, WebSockets, lifespan events.
        off: Any = {
            "ws": "none",
            "lifespan": "off",
            "log_config": None,
            "access_log": False,
            "server_header": False,
            "proxy_headers": False,
        }
        self.gate = Gate(app, gateway)
        super().__init__(uvicorn.Config(self.gate, http="httptools", timeout_graceful_shutdown=FINISH_WITHIN, **off))


async def run() -> int:
    """Runs until a signal, or until one of the servers ends; gives the exit code."""
    loop, running = asyncio.get_running_loop(), cast("asyncio.Task[int]", asyncio.current_task())
    # The first ends it in order; with another one begun requests are not waited for.
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, running.cancel)
    gateway = Gateway()
    loop.add_signal_handler(signal.SIGHUP, reload, gateway)
    tracing.set_up()
    keeping = asyncio.create_task(gateway.stores.keep())
    try:
        await asyncio.wait([keeping], timeout=STORES_WITHIN)
        await serve(gateway)
        log.error("a server ended by itself, and so the other was stopped")
        return 1
    except asyncio.CancelledError:
        log.info("stopped, as asked")
        return 0
    finally:
        keeping.cancel()
        await gateway.stop()


def reload(gateway: Gateway) -> None:
    """What SIGHUP does."""
    try:
        gateway.reload()
    except ConfigError as error:
        log.error("the old configuration stays: %s", error)


async def serve(gateway: Gateway) -> None:
    """Serves and works until a server or the worker ends, or this is cancelled; begun requests are finished."""
    apps = {
        int(os.environ.get("MAGIC_PROXY_PORT", "8001")): proxy.create(gateway),
        int(os.environ.get("MCP_SERVER_PORT", "8002")): mcp_server.create(gateway.stores),
    }
    # Before any of them serves: a taken port must not end one while the other has requests.
    servers = [(Server(gateway, app), bound(port)) for port, app in apps.items()]
    tasks = [asyncio.create_task(server.serve([listener])) for server, listener in servers]
    log.info("magic-proxy and mcp-server listen on %s", " and ".join(f":{port}" for port in apps))
    worker = asyncio.create_task(Worker(gateway).run())
    # What was imported stays: looking through all of it each time takes a tenth of a second.
    gc.freeze()
    try:
        await asyncio.wait([*tasks, worker], return_when=asyncio.FIRST_COMPLETED)
    finally:
        # Sessions go on in the next process, for the worker and for who follows them.
        worker.cancel()
        gateway.sessions.close()
        for server, _ in servers:
            server.should_exit = True
            server.gate.drain(CUT_AFTER)
        for result in await asyncio.gather(*tasks, worker, return_exceptions=True):
            if isinstance(result, Exception):
                log.error("a server ended with an error", exc_info=result)


def bound(port: int) -> socket.socket:
    """A socket on LISTEN_ADDRESS, which the image sets to all of the container's addresses."""
    address = os.environ.get("LISTEN_ADDRESS", "127.0.0.1")
    try:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        listener = socket.create_server((address, port), family=family)
    except OSError as error:
        raise ConfigError(f"port {port} of {address} can't be used: {error.strerror}") from error
    # Made anew it knows its protocol: only then does asyncio switch Nagle's algorithm off, which costs answers 40 ms.
    return socket.socket(fileno=listener.detach())


def main() -> None:
    """The process, to its end."""
    if "--reload" in sys.argv:
        # For development: the process anew whenever a file of the code changes.
        files = uvicorn.Config("", reload=True, reload_dirs=[str(Path(__file__).parent)], log_config=None)
        StatReload(files, target=work, sockets=[]).run()
    else:
        work()


def work(sockets: object = None) -> None:
    """One run, from its start to its end; `sockets` is what a supervisor gives."""
    logs.set_up()
    try:
        sys.exit(asyncio.run(run()))
    except ConfigError as error:
        log.error("%s", error)
    except Exception:
        # In the same form as everything else: one line, found by a search for errors.
        log.exception("the app ended with an error that nothing expected")
    sys.exit(1)
