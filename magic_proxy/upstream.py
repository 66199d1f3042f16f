"""Connections to providers and to mcp-server: HTTP/1.1, kept open; no cookies, no redirects, nothing is decoded.

It is httpcore2 without httpx2 above it: docs/decisions/0051 says why.
"""

import asyncio
import urllib.request
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, urlsplit

import httpcore2
from starlette.datastructures import Headers

from magic_proxy.sockets import Sockets

CONNECT_WITHIN = 5
# All idle ones are looked at with each request: what a burst leaves must not slow what comes after it.
KEPT_OPEN, KEPT_FOR = 8, 5.0
NOT_REACHED = (httpcore2.ConnectError, httpcore2.ConnectTimeout)
ERRORS = (
    httpcore2.TimeoutException,
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.ProxyError,
    httpcore2.UnsupportedProtocol,
)
"""All that can go wrong on the way."""


class Answer:
    """Status, headers and body of a response."""

    def __init__(self, response: httpcore2.Response) -> None:
        self.status = response.status
        self.headers = Headers(raw=[(name.lower(), value) for name, value in response.headers])
        self.body: AsyncIterator[bytes] = response.aiter_stream()


class Upstream:
    """The connections of one event loop."""

    def __init__(self) -> None:
        self._pools = dict[str, httpcore2.AsyncConnectionPool]()

    @asynccontextmanager
    async def ask(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes, silent: float
    ) -> AsyncIterator[Answer]:
        """The answer once its headers have come; one of `ERRORS`, also after `silent` seconds without a byte."""
        timeout = {"connect": CONNECT_WITHIN, "read": silent, "write": silent, "pool": silent}
        at = _parsed(url)
        proxy = _proxy(at.scheme.decode(), at.host.decode() + (f":{at.port}" if at.port else ""))
        if not (pool := self._pools.get(proxy)):
            pool = self._pools[proxy] = _pool(proxy)
        sent = [(name, value.encode()) for name, value in headers.items()]
        extensions = {"timeout": timeout}
        async with pool.stream(method, at, headers=sent, content=content, extensions=extensions) as response:
            yield Answer(response)

    async def aclose(self) -> None:
        await asyncio.gather(*(pool.aclose() for pool in self._pools.values()))


def _parsed(url: str) -> httpcore2.URL:
    try:
        return httpcore2.URL(url)
    except (TypeError, ValueError) as error:
        raise httpcore2.UnsupportedProtocol(f"the address can't be used: {error}") from error


# By host alone: a tool's name, which a model chose, is a part of the address, and may be long.
@lru_cache(256)
def _proxy(scheme: str, host: str) -> str:
    """The proxy that `HTTPS_PROXY` and its like name for a host: empty without one."""
    proxies = urllib.request.getproxies()
    return "" if urllib.request.proxy_bypass(host) else proxies.get(scheme) or proxies.get("all", "")


def _pool(proxy: str) -> httpcore2.AsyncConnectionPool:
    common: Any = {
        "ssl_context": httpcore2.default_ssl_context(),
        "network_backend": Sockets(),
        "max_connections": None,
        "max_keepalive_connections": KEPT_OPEN,
        "keepalive_expiry": KEPT_FOR,
    }
    if not proxy:
        return httpcore2.AsyncConnectionPool(**common)
    named = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    if named.scheme not in ("http", "https"):
        raise httpcore2.UnsupportedProtocol(f"a proxy by {named.scheme} can't be used")
    login = (unquote(named.username), unquote(named.password or "")) if named.username else None
    address = named._replace(netloc=named.netloc.rpartition("@")[2], path="").geturl()
    return httpcore2.AsyncHTTPProxy(address, login, **common)
