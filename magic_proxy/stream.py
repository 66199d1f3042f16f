"""The answer that is a stream of events."""

import logging
from collections.abc import AsyncIterator, Mapping

from starlette.responses import StreamingResponse

from magic_proxy import events
from magic_proxy.errors import ApiError

log = logging.getLogger("magic_proxy.stream")


def answer(blocks: AsyncIterator[bytes], headers: Mapping[str, str]) -> StreamingResponse:
    """The blocks as they come, and an event that says why when they fail."""
    headers = {"cache-control": "no-cache", "x-accel-buffering": "no", **headers}
    return StreamingResponse(_to_the_end(blocks), headers=headers, media_type="text/event-stream")


async def _to_the_end(blocks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    try:
        async for block in blocks:
            yield block
    except events.StreamFailed as error:
        log.error("a stream failed: %s", error)
        yield events.event(ApiError(502, str(error), "stream_failed").body())
