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
        at, proxy = _way(url)
        if not (pool := self._pools.get(proxy)):
            pool = self._pools[proxy] = _pool(proxy)
        extensions = {"timeout": timeout}
        async with pool.stream(
            method, at, headers=[*headers.items()], content=content, extensions=extensions
        ) as response:
            yield Answer(response)

    async def aclose(self) -> None:
        await asyncio.gather(*(pool.aclose() for pool in self._pools.values()))


@lru_cache(1024)
def _way(url: str) -> tuple[httpcore2.URL, str]:
    """The address, and the proxy that `HTTPS_PROXY` and its like name for it: empty without one."""
    try:
        at, host = httpcore2.URL(url), urlsplit(url).netloc.rpartition("@")[2]
    except (TypeError, ValueError) as error:
        raise httpcore2.UnsupportedProtocol(f"the address can't be used: {error}") from error
    proxies = urllib.request.getproxies()
    if urllib.request.proxy_bypass(host):
        return at, ""
    return at, proxies.get(at.scheme.decode()) or proxies.get("all", "")


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
    login = (unquote(named.username), unquote(named.password or "")) if named.username else None
    address = named._replace(netloc=named.netloc.rpartition("@")[2], path="").geturl()
    return httpcore2.AsyncHTTPProxy(address, login, **common)
