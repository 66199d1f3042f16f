"""Server-sent events: a provider's are checked as they pass, their bytes untouched."""

import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any

from pydantic_core import from_json
from starlette.responses import StreamingResponse

from magic_proxy import failures, secrets
from magic_proxy.errors import ApiError
from magic_proxy.failures import Failed
from magic_proxy.outcome import objects

DONE = b"data: [DONE]\n\n"
LARGEST_EVENT = 8 << 20
Said = bytes | AsyncIterator[bytes]
"""An answer, whole or as blocks of whole events."""

# The last ones of /v1/responses, which end without [DONE].
_LAST = {"response.completed", "response.incomplete", "response.failed"}
_FIELDS = (b":", b"event:", b"id:", b"retry:")

log = logging.getLogger("magic_proxy.events")


def event(data: Any, name: str | None = None, number: int | str | None = None) -> bytes:
    """One event, in ASCII."""
    head = (f"event: {name}\n" if name else "") + (f"id: {number}\n" if number is not None else "")
    return f"{head}data: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


def wants_usage(body: dict[str, Any]) -> bool:
    """Whether a request asks for how many tokens its stream took."""
    return bool((body.get("stream_options") or {}).get("include_usage"))


def parsed(data: bytes) -> dict[str, Any]:
    """An answer, or an event of a stream; `Failed` when it is none, or holds an error, maybe as one of its choices."""
    try:
        said = _json(data)
    except (ValueError, RecursionError) as error:
        raise failures.garbled("it sent something that is not JSON") from error
    if not isinstance(said, dict):
        raise failures.garbled("it sent something that is no JSON object")
    errors = [part["error"] for part in (said, *objects(said.get("choices"))) if part.get("error")]
    if errors or said.get("type") == "error":
        sent = errors[0] if errors else said
        raise failures.garbled(f"it sent an error: {json.dumps(sent)[:500]}", sent)
    return said


def _json(data: bytes) -> Any:
    try:
        return from_json(data)
    except ValueError:
        # Half a surrogate pair, where a stream was cut inside an emoji.
        return json.loads(data)


async def checked(
    chunks: AsyncIterator[bytes], saw: Callable[[dict[str, Any]], object] = bool, with_usage: bool = True
) -> AsyncIterator[bytes]:
    """The same bytes, cut only between events; `Failed` when they are garbled or end before their last event.

    Nothing comes before an event that says something: until then there may be an error after comments. Without
    `with_usage` the event that says only how many tokens it took is left out.
    """
    held, begun, done = b"", False, False
    async for block in _blocks(chunks):
        for event, data in _events(block):
            if data == b"[DONE]":
                done = True
            elif data:
                said = parsed(data)
                if said.get("type") == "response.failed" and not begun:
                    inner = said.get("response")
                    raise failures.garbled("it failed at once", inner.get("error") if isinstance(inner, dict) else None)
                begun, done = True, done or said.get("type") in _LAST
                saw(said)
                if said.get("usage") and said.get("choices") == [] and not with_usage:
                    continue
            held += event
        if begun:
            yield secrets.mask_bytes(held)
            held = b""
        elif done or len(held) > LARGEST_EVENT:
            raise failures.garbled("it sent no event that says something")
    if not done:
        raise failures.garbled("it ended before [DONE]")


async def _blocks(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes, cut only between events; the last one is ended if it is not."""
    rest = bytearray()
    async for chunk in chunks:
        # What was searched already is not searched again.
        begin = max(0, len(rest) - 3)
        rest += chunk
        end = max(rest.rfind(b"\n\n", begin) + 2, rest.rfind(b"\r\n\r\n", begin) + 4)
        if end >= 4:
            yield bytes(rest[:end])
            del rest[:end]
        elif len(rest) > LARGEST_EVENT:
            raise failures.garbled("it sent an event without end")
    if rest.strip():
        yield bytes(rest) + b"\n\n"


def _events(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Each event of a block and its data; `Failed` when there is something else among them."""
    event = data = b""
    for line in block.splitlines(keepends=True):
        event += line
        if line.startswith(b"data:"):
            data += line[5:]
        elif not line.strip():
            yield event, data.strip()
            event = data = b""
        elif not line.startswith(_FIELDS):
            raise failures.garbled("it sent something that is no server-sent event")


def streamed(blocks: AsyncIterator[bytes], headers: Mapping[str, str]) -> StreamingResponse:
    """The blocks as they come, and an event that says why when they fail."""
    headers = {"cache-control": "no-cache", "x-accel-buffering": "no", **headers}
    return StreamingResponse(_to_the_end(blocks), headers=headers, media_type="text/event-stream")


async def _to_the_end(blocks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    try:
        async for block in blocks:
            yield block
    except Failed as failed:
        log.error("a stream failed: %s", failed.why)
        told = ApiError(502, failed.why, "stream_failed", fields=failed.error).body()
        yield secrets.mask_bytes(event(told))
