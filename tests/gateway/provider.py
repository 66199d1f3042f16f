"""A provider that answers as it is told to, and remembers what it received.

`behave[KEY]` is what it does for requests with that key: a list used up from the front, the last one staying.
"""

import asyncio
import json
from collections import defaultdict
from typing import Any

COMPLETION = {
    "id": "chatcmpl-fake",
    "object": "chat.completion",
    "created": 1,
    "model": "fake",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "hello from afar"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 3, "total_tokens": 4},
}


def chunk(text: str) -> bytes:
    delta = {"index": 0, "delta": {"content": text}, "finish_reason": None}
    return b"data: " + json.dumps({"id": "c", "object": "chat.completion.chunk", "choices": [delta]}).encode() + b"\n\n"


STREAM = [chunk("hello "), chunk("from "), chunk("afar"), b"data: [DONE]\n\n"]


def error(
    status: int, message: str = "told to", fields: dict[str, Any] | None = None, **headers: str
) -> dict[str, Any]:
    """A behaviour: that status, in OpenAI's shape."""
    body = json.dumps({"error": {"message": message, "type": "t", "code": None, **(fields or {})}}).encode()
    return {"status": status, "body": body, "headers": headers}


class Provider:
    """Listens on a port of 127.0.0.1."""

    def __init__(self) -> None:
        self.behave: dict[str, list[dict[str, Any]]] = defaultdict(lambda: [{}])
        self.received: list[tuple[str, str, dict[str, Any]]] = []
        """Key, path and body of each request."""
        self.heads: list[dict[str, str]] = []
        """Its headers."""
        self.gone = 0
        """How many connections were closed on us in the middle of a stream."""

    def does(self, key: str, body: dict[str, Any]) -> dict[str, Any]:
        """What it does now."""
        told = self.behave[key]
        return told.pop(0) if len(told) > 1 else told[0]

    def asked_with(self) -> list[str]:
        return [key for key, _, _ in self.received]

    async def __aenter__(self) -> "Provider":
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            self.gone += 1
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
        except (asyncio.IncompleteReadError, ConnectionError):
            return False
        lines = head.split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
        body = json.loads(await reader.readexactly(int(headers.get("content-length", 0))))
        key = headers.get("authorization", "").removeprefix("Bearer ")
        self.received.append((key, lines[0].split()[1], body))
        self.heads.append(headers)
        does = self.does(key, body)
        streams = body.get("stream") and "body" not in does
        kind = does.get("type", "text/event-stream" if streams else "application/json")
        more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in does.get("headers", {}).items())
        start = f"HTTP/1.1 {does.get('status', 200)} X\r\ncontent-type: {kind}\r\n{more}"
        if does.get("hang"):
            await reader.read()
            raise ConnectionError
        if not streams:
            answer = does.get("body", json.dumps(COMPLETION).encode())
            writer.write(f"{start}content-length: {len(answer)}\r\n\r\n".encode() + answer)
            await writer.drain()
            return True
        writer.write(f"{start}transfer-encoding: chunked\r\n\r\n".encode())
        for piece in does.get("stream", STREAM):
            writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            await writer.drain()
            await asyncio.sleep(does.get("pause", 0))
        if does.get("cut"):
            return False
        if does.get("stall"):
            await reader.read()
            raise ConnectionError
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True
