"""Clients: so many streams at once on a port, for so many seconds; tells what came as JSON.

With a pause between pieces the streams begin one after the other, spread over the length of one, and what counts is what
comes once all have begun: 200 clients at once that begin at the same instant are another question.

`load.py PORT STREAMS SECONDS PIECES PAUSE`
"""

import asyncio
import json
import re
import sys
import time

MOMENT = re.compile(rb'"t": ?([0-9.]+)')
END = b"0\r\n\r\n"


class Client(asyncio.Protocol):
    """One connection: asks again as soon as a stream has ended."""

    def __init__(self, request: bytes, since: float, until: float, delays: list[float], firsts: list[float]) -> None:
        self.request, self.since, self.until, self.delays, self.firsts = request, since, until, delays, firsts
        self.streams = self.events = 0
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        self.asked, self.first, self.tail = time.monotonic(), True, b""
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        if self.first and b"data: " in data:
            self.first = False
            if self.asked >= self.since:
                self.firsts.append(now - self.asked)
        moments = MOMENT.findall(data)
        self.events += len(moments)
        if now >= self.since:
            self.delays.extend(now - float(moment) for moment in moments)
        self.tail = (self.tail + data)[-len(END) :]
        if self.tail == END:
            self.streams += 1
            if now < self.until:
                self.ask()
            else:
                self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self.closed.set_result(None)


async def main() -> None:
    port, streams, seconds, pieces, pause = (float(word) for word in sys.argv[1:])
    messages = [{"role": "user", "content": "hello"}]
    body = {"model": "bench", "stream": True, "messages": messages, "pieces": int(pieces), "pause": pause}
    content = json.dumps(body).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {len(content)}\r\n\r\n"
    loop, delays, firsts = asyncio.get_running_loop(), [], []
    began = time.monotonic()
    since = began + pieces * pause
    clients = []
    for number in range(int(streams)):
        made = Client(head.encode() + content, since, since + seconds, delays, firsts)
        await loop.create_connection(lambda made=made: made, "127.0.0.1", int(port))
        clients.append(made)
        # Also between the beats of those that have begun.
        await asyncio.sleep(
            max(0.0, began + (number + 1) / streams * pieces * pause - time.monotonic()) if pause else 0
        )
    await asyncio.gather(*(client.closed for client in clients))
    took = time.monotonic() - began
    events = sum(client.events for client in clients)
    assert events == sum(client.streams for client in clients) * int(pieces), "events were lost"

    def at(share: float, values: list[float]) -> float:
        return sorted(values)[min(len(values) - 1, int(len(values) * share))] * 1000

    print(
        json.dumps(
            {
                "streams_per_second": sum(client.streams for client in clients) / took,
                "events_per_second": events / took,
                "delay_p50_ms": at(0.5, delays),
                "delay_p99_ms": at(0.99, delays),
                "first_p99_ms": at(0.99, firsts),
            }
        )
    )


if __name__ == "__main__":
    asyncio.run(main())
