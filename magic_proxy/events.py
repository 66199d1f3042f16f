"""Server-sent events of a provider: checked as they pass, their bytes untouched, or re-paced."""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

from starlette.responses import StreamingResponse

from magic_proxy import secrets
from magic_proxy.errors import ApiError

DONE = b"data: [DONE]\n\n"
LARGEST_EVENT = 8 << 20
# `typewriter_mode: proxy`: so many characters at once, and a pause after each.
PIECE, PAUSE = 12, 0.012

_END_OF_EVENT = re.compile(rb"\r?\n\r?\n")
_FIELDS = (b"data:", b":", b"event:", b"id:", b"retry:")


log = logging.getLogger("magic_proxy.events")


class StreamFailed(Exception):
    """How a provider's stream went wrong."""


def event(data: Any, name: str | None = None, number: int | str | None = None) -> bytes:
    """One event, in ASCII."""
    head = (f"event: {name}\n" if name else "") + (f"id: {number}\n" if number is not None else "")
    return f"{head}data: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


def payloads(block: bytes) -> list[dict[str, Any] | None]:
    """What the events of `block` say; `None` for `[DONE]`. Else `StreamFailed`."""
    found: list[dict[str, Any] | None] = []
    for text in _END_OF_EVENT.split(block):
        lines = [line for line in text.splitlines() if line]
        if any(not line.startswith(_FIELDS) for line in lines):
            raise StreamFailed("it sent something that is no server-sent event")
        data = b"\n".join(line[5:].strip() for line in lines if line.startswith(b"data:"))
        if data == b"[DONE]":
            found.append(None)
        elif data:
            try:
                value = json.loads(data)
            except (ValueError, RecursionError) as error:
                raise StreamFailed("it sent an event that is not JSON") from error
            if not isinstance(value, dict):
                raise StreamFailed("it sent an event that is no JSON object")
            if value.get("error"):
                raise StreamFailed(f"it sent an error: {json.dumps(value['error'])[:500]}")
            found.append(value)
    return found


async def checked(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes, cut only between events; `StreamFailed` when they are garbled or end before `[DONE]`."""
    rest, done = bytearray(), False
    async for chunk in chunks:
        # What was searched already is not searched again.
        begin = max(0, len(rest) - 3)
        rest += chunk
        end = max(rest.rfind(b"\n\n", begin) + 2, rest.rfind(b"\r\n\r\n", begin) + 4)
        if end >= 4:
            block = bytes(rest[:end])
            del rest[:end]
            done = None in payloads(block) or done
            yield secrets.mask_bytes(block)
        elif len(rest) > LARGEST_EVENT:
            raise StreamFailed("it sent an event without end")
    if not done:
        if None not in payloads(bytes(rest)):
            raise StreamFailed("it ended before [DONE]")
        yield secrets.mask_bytes(bytes(rest)) + b"\n\n"


async def paced(blocks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Text at a reader's pace: what came as one large piece goes out as several small ones."""
    async for block in blocks:
        for text in filter(None, _END_OF_EVENT.split(block)):
            pieces = _pieces(text)
            for piece in pieces:
                yield piece
                if len(pieces) > 1:
                    await asyncio.sleep(PAUSE)


def cut(text: str) -> list[str]:
    """The text in small pieces."""
    return [text[at : at + PIECE] for at in range(0, len(text), PIECE)]


def _pieces(text: bytes) -> list[bytes]:
    try:
        value = json.loads(text.removeprefix(b"data:"))
        [choice] = value["choices"]
        content = choice["delta"]["content"]
        parts = cut(content)
    except (ValueError, KeyError, TypeError):
        parts = []
    if len(parts) < 2 or choice.get("finish_reason") or choice["delta"].get("tool_calls"):
        return [text + b"\n\n"]
    return [event({**value, "choices": [{**choice, "delta": {**choice["delta"], "content": part}}]}) for part in parts]


def streamed(blocks: AsyncIterator[bytes], headers: Mapping[str, str]) -> StreamingResponse:
    """The blocks as they come, and an event that says why when they fail."""
    headers = {"cache-control": "no-cache", "x-accel-buffering": "no", **headers}
    return StreamingResponse(_to_the_end(blocks), headers=headers, media_type="text/event-stream")


async def _to_the_end(blocks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    try:
        async for block in blocks:
            yield block
    except StreamFailed as error:
        log.error("a stream failed: %s", error)
        yield event(ApiError(502, str(error), "stream_failed").body())
