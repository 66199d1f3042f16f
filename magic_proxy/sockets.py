"""asyncio's own sockets for httpcore2, in a third of the time that it takes through anyio."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from ssl import SSLContext
from typing import Any

import httpcore2

# ruff: noqa: ASYNC109 - httpcore2 names the parameters.
# Seconds until the next address of a host is tried beside the first (RFC 8305).
NEXT_ADDRESS_AFTER = 0.25
SENT_AT_ONCE = 64 << 10


class Sockets(httpcore2.AsyncNetworkBackend):
    """Connects over TCP."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> "Socket":
        loop, incoming = asyncio.get_running_loop(), _Incoming()
        protocol = asyncio.StreamReaderProtocol(incoming)
        with _told_as(httpcore2.ConnectTimeout, httpcore2.ConnectError):
            async with asyncio.timeout(timeout):
                transport, _ = await loop.create_connection(
                    lambda: protocol, host, port, happy_eyeballs_delay=NEXT_ADDRESS_AFTER
                )
        return Socket(incoming, asyncio.StreamWriter(transport, protocol, incoming, loop))


class Socket(httpcore2.AsyncNetworkStream):
    """One connection."""

    def __init__(self, incoming: "_Incoming", outgoing: asyncio.StreamWriter) -> None:
        self._incoming, self._outgoing = incoming, outgoing
        self._unsent = bytearray()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._unsent:
            await self._send(timeout)
        with _told_as(httpcore2.ReadTimeout, httpcore2.ReadError):
            # A timer takes longer than reading what is there.
            async with nullcontext() if self._incoming.unread else asyncio.timeout(timeout):
                data = await self._incoming.read(max_bytes)
        self._incoming.unread -= len(data)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # Head and body of a request come one after the other, and go out at once when the answer is waited for.
        self._unsent += buffer
        if len(self._unsent) > SENT_AT_ONCE:
            await self._send(timeout)

    async def _send(self, timeout: float | None) -> None:
        data, self._unsent = bytes(self._unsent), bytearray()
        with _told_as(httpcore2.WriteTimeout, httpcore2.WriteError):
            self._outgoing.write(data)
            if self._outgoing.transport.get_write_buffer_size():
                async with asyncio.timeout(timeout):
                    await self._outgoing.drain()

    async def aclose(self) -> None:
        self._outgoing.close()

    async def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> "Socket":
        with _told_as(httpcore2.ConnectTimeout, httpcore2.ConnectError):
            try:
                async with asyncio.timeout(timeout):
                    await self._outgoing.start_tls(ssl_context, server_hostname=server_hostname)
            except BaseException:
                self._outgoing.close()
                raise
        return self

    def get_extra_info(self, info: str) -> Any:
        # What an idle connection says was not asked for: it is not used again.
        if info == "is_readable":
            return self._incoming.unread > 0 or self._incoming.ended
        return self._outgoing.get_extra_info({"ssl_object": "ssl_object"}.get(info, info))


class _Incoming(asyncio.StreamReader):
    """Knows what nobody has read yet."""

    unread, ended = 0, False

    def feed_data(self, data: Any) -> None:
        self.unread += len(data)
        super().feed_data(data)

    def feed_eof(self) -> None:
        self.ended = True
        super().feed_eof()

    def set_exception(self, exc: Exception) -> None:
        self.ended = True
        super().set_exception(exc)


@contextmanager
def _told_as(late: type[Exception], failed: type[Exception]) -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise late(str(error)) from error
    except OSError as error:
        raise failed(str(error)) from error
