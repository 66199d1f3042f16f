"""Server-sent events of a provider: checked as they pass, their bytes untouched."""

import json
import logging
import re
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from pydantic_core import from_json
from starlette.responses import StreamingResponse

from magic_proxy import secrets
from magic_proxy.errors import ApiError
from magic_proxy.outcome import choices

DONE = b"data: [DONE]\n\n"
LARGEST_EVENT = 8 << 20
PIECE = 12
Said = bytes | AsyncIterator[bytes]
"""An answer, whole or as blocks of whole events."""

_END_OF_EVENT = re.compile(rb"\r?\n\r?\n")
_EVENT = re.compile(rb".*?\r?\n\r?\n", re.S)
# The last ones of /v1/responses, which end without [DONE].
_LAST = {"response.completed", "response.incomplete", "response.failed"}
_SAYS = re.compile(rb"^data:[ \t]*\{", re.M)
_FIELDS = (b"data:", b":", b"event:", b"id:", b"retry:")

log = logging.getLogger("magic_proxy.events")


class StreamFailed(Exception):
    """How a provider's answer went wrong, and the error that it sent."""

    def __init__(self, why: str, error: dict[str, Any] | None = None) -> None:
        super().__init__(why)
        self.error = error or {}


def event(data: Any, name: str | None = None, number: int | str | None = None) -> bytes:
    """One event, in ASCII."""
    head = (f"event: {name}\n" if name else "") + (f"id: {number}\n" if number is not None else "")
    return f"{head}data: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


def refuse_error(said: dict[str, Any]) -> None:
    """`StreamFailed` when what was sent as an answer holds an error, of its own or as one of its choices."""
    error = next(filter(None, (part.get("error") for part in [said, *choices(said)])), None)
    if error or said.get("type") == "error":
        error = error or said
        raise StreamFailed(f"it sent an error: {json.dumps(error)[:500]}", error if isinstance(error, dict) else None)


def _ends(block: bytes, saw: Callable[[dict[str, Any]], object]) -> bool:
    """Whether a last one is among the events of `block`, once `saw` saw them; `StreamFailed` if one is garbled."""
    ends = False
    for text in block.replace(b"\r\n", b"\n").split(b"\n\n"):
        lines = text.split(b"\n")
        # Nearly all are one line of data.
        if len(lines) == 1 and text.startswith(b"data:"):
            data = text[5:].strip()
        else:
            if any(line and not line.startswith(_FIELDS) for line in lines):
                raise StreamFailed("it sent something that is no server-sent event")
            data = b"\n".join(line[5:].strip() for line in lines if line.startswith(b"data:"))
        if data == b"[DONE]":
            ends = True
        elif data:
            try:
                value = _parsed(data)
            except (ValueError, RecursionError) as error:
                raise StreamFailed("it sent an event that is not JSON") from error
            if not isinstance(value, dict):
                raise StreamFailed("it sent an event that is no JSON object")
            refuse_error(value)
            saw(value)
            ends = ends or value.get("type") in _LAST
    return ends


def _parsed(data: bytes) -> Any:
    try:
        return from_json(data)
    except ValueError:
        # Half a surrogate pair, where a stream was cut inside of an emoji.
        return json.loads(data)


async def checked(chunks: AsyncIterator[bytes], saw: Callable[[dict[str, Any]], object] = bool) -> AsyncIterator[bytes]:
    """The same bytes, cut only between events; `StreamFailed` when they are garbled or end before `[DONE]`."""
    rest, done, begun = bytearray(), False, False

    def see(said: dict[str, Any]) -> None:
        nonlocal begun
        if not begun and said.get("type") == "response.failed":
            inner = said.get("response")
            raise StreamFailed("it failed at once", inner.get("error") if isinstance(inner, dict) else None)
        begun = True
        saw(said)

    async for chunk in chunks:
        # What was searched already is not searched again.
        begin = max(0, len(rest) - 3)
        rest += chunk
        end = max(rest.rfind(b"\n\n", begin) + 2, rest.rfind(b"\r\n\r\n", begin) + 4)
        if end >= 4:
            block = bytes(rest[:end])
            del rest[:end]
            done = _ends(block, see) or done
            if done and not begun:
                raise StreamFailed("it ended without an answer")
            yield secrets.mask_bytes(block)
        elif len(rest) > LARGEST_EVENT:
            raise StreamFailed("it sent an event without end")
    if not done:
        if not _ends(bytes(rest), see) or not begun:
            raise StreamFailed("it ended before [DONE]")
        yield secrets.mask_bytes(bytes(rest)) + b"\n\n"


async def first(blocks: AsyncIterator[bytes]) -> bytes:
    """All until an event that says something is among it: comments come before errors too."""
    said = await anext(blocks)
    while not _SAYS.search(said):
        said += await anext(blocks)
        if len(said) > LARGEST_EVENT:
            raise StreamFailed("it sent no event")
    return said


async def without_usage(blocks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same without the event that says only how many tokens it took."""
    async for block in blocks:
        if b'"usage"' in block:
            block = b"".join(one for one in _EVENT.findall(block) if not _counts_only(one))
        yield block


def _counts_only(one: bytes) -> bool:
    try:
        value = json.loads(one.removeprefix(b"data:"))
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and bool(value.get("usage")) and value.get("choices") == []


def cut(text: str) -> list[str]:
    """The text in small pieces."""
    return [text[at : at + PIECE] for at in range(0, len(text), PIECE)]


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
        told = ApiError(502, str(error), "stream_failed").body()["error"]
        yield secrets.mask_bytes(event({"error": {**told, **error.error}}))
