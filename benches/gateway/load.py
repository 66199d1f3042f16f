"""Clients of what listens on a port; tells what came as JSON.

`load.py PORT plain CLIENTS SECONDS`: whole answers, each client asking again as soon as it has one.

`load.py PORT stream STREAMS SECONDS PIECES PAUSE`: as many streams at once, each followed by the next. With a pause between pieces they begin
one after the other, spread over the length of one, and what counts is what comes once all have begun: 200 clients that begin at the same
instant are another question.

`load.py PORT burst CONNECTIONS SECONDS`: one client's whole answers before, and right after so many connections at once, each of which gets one
answer and is gone.

`CLIENT_KEY` is sent along.
"""

import asyncio
import json
import os
import re
import sys
import time
from collections.abc import Sequence

from provider import WORDS

MOMENT = re.compile(rb"at ([0-9]+\.[0-9]+) ")
LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
END = b"0\r\n\r\n"
AT_WORK = 1.0
"""Seconds that the provider takes for each answer of a burst, so that all its connections are there at once."""


class Client(asyncio.Protocol):
    """One connection: asks again as soon as it has an answer, up to a moment."""

    def __init__(self, request: bytes, until: float) -> None:
        self.request, self.until = request, until
        self.answers = 0
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        self.asked, self.rest, self.begun = time.monotonic(), b"", False
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        if not self.begun and not data.startswith(b"HTTP/1.1 200 "):
            self.failed(data[:500])
            return
        self.begun = True
        self.read(data)

    def answered(self) -> None:
        self.answers += 1
        if time.monotonic() < self.until:
            self.ask()
        else:
            self.transport.close()
            self.closed.set_result(None)

    def failed(self, what: object) -> None:
        self.transport.abort()
        if not self.closed.done():
            self.closed.set_exception(RuntimeError(f"instead of an answer came {what!r}"))

    def connection_lost(self, error: Exception | None) -> None:
        if not self.closed.done():
            self.failed(error or "the end of the connection")

    def read(self, data: bytes) -> None:
        """Another part of an answer; calls `answered` with its last."""
        raise NotImplementedError


class Plain(Client):
    def read(self, data: bytes) -> None:
        self.rest += data
        head, _, body = self.rest.partition(b"\r\n\r\n")
        length = LENGTH.search(head)
        if len(body) < int(length[1]) if length else not body.endswith(END):
            return
        if WORDS.encode() in body:
            self.answered()
        else:
            self.failed(body)


class Stream(Client):
    def __init__(self, request: bytes, until: float, since: float, pieces: int) -> None:
        super().__init__(request, until)
        self.since, self.pieces = since, pieces
        self.delays: list[float] = []
        self.firsts: list[float] = []

    def ask(self) -> None:
        self.events, self.tail = 0, b""
        super().ask()

    def read(self, data: bytes) -> None:
        now = time.monotonic()
        # Only whole lines: an event may come in two parts.
        lines, end, self.rest = (self.rest + data).rpartition(b"\n")
        moments = MOMENT.findall(lines)
        if moments and not self.events and self.asked >= self.since:
            self.firsts.append(now - self.asked)
        self.events += len(moments)
        if now >= self.since:
            self.delays.extend(now - float(moment) for moment in moments)
        self.tail = (self.tail + data)[-len(END) :]
        if self.tail == END:
            if self.events == self.pieces:
                self.answered()
            else:
                self.failed(f"a stream of {self.events} events: {lines[-300:] + end + self.rest!r}")


def request(stream: bool, pieces: int = 1, pause: float = 0) -> bytes:
    wish = json.dumps({"pieces": pieces, "pause": pause})
    content = json.dumps({"model": "bench", "stream": stream, "messages": [{"role": "user", "content": wish}]}).encode()
    head = [
        "POST /v1/chat/completions HTTP/1.1",
        "host: localhost",
        f"authorization: Bearer {os.environ['CLIENT_KEY']}",
        "content-type: application/json",
        f"content-length: {len(content)}",
    ]
    return "\r\n".join([*head, "", ""]).encode() + content


async def connect(port: int, client: Client) -> None:
    await asyncio.get_running_loop().create_connection(lambda: client, "127.0.0.1", port)


async def ended(clients: Sequence[Client]) -> None:
    await asyncio.gather(*(client.closed for client in clients))


async def plain(port: int, count: int, seconds: float) -> float:
    """Answers a second."""
    began = time.monotonic()
    clients = [Plain(request(False), began + seconds) for _ in range(count)]
    await asyncio.gather(*(connect(port, client) for client in clients))
    await ended(clients)
    return sum(client.answers for client in clients) / (time.monotonic() - began)


async def streams(port: int, count: int, seconds: float, pieces: int, pause: float) -> dict[str, float]:
    began = time.monotonic()
    since = began + pieces * pause
    clients = [Stream(request(True, pieces, pause), since + seconds, since, pieces) for _ in range(count)]
    for number, client in enumerate(clients, 1):
        await connect(port, client)
        # Also between the beats of those that have begun.
        await asyncio.sleep(max(0.0, began + number / count * pieces * pause - time.monotonic()) if pause else 0)
    await ended(clients)
    rate = sum(client.answers for client in clients) / (time.monotonic() - began)
    delays = [delay for client in clients for delay in client.delays]
    firsts = [first for client in clients for first in client.firsts]
    return {
        "streams_per_second": rate,
        "events_per_second": rate * pieces,
        "delay_p50_ms": at(0.5, delays),
        "delay_p99_ms": at(0.99, delays),
        "first_p99_ms": at(0.99, firsts),
    }


def at(share: float, values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] * 1000


async def burst(port: int, count: int, seconds: float) -> dict[str, float]:
    before = await plain(port, 1, seconds)
    clients = [Plain(request(False, pause=AT_WORK), 0) for _ in range(count)]
    await asyncio.gather(*(connect(port, client) for client in clients))
    await ended(clients)
    return {"before": before, "after": await plain(port, 1, seconds)}


async def main() -> None:
    port, count, seconds = int(sys.argv[1]), int(sys.argv[3]), float(sys.argv[4])
    match sys.argv[2]:
        case "plain":
            figures = {"per_second": await plain(port, count, seconds)}
        case "stream":
            figures = await streams(port, count, seconds, int(sys.argv[5]), float(sys.argv[6]))
        case "burst":
            figures = await burst(port, count, seconds)
        case other:
            raise SystemExit(f"load.py: {other}?")
    print(json.dumps(figures))


if __name__ == "__main__":
    asyncio.run(main())
