"""The answer that is a stream of events."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from magic_proxy import events
from magic_proxy.errors import ApiError

log = logging.getLogger("magic_proxy.stream")


class EventStream(Response):
    """Events as they come, and one more when they fail; nothing is asked for any longer once the client is gone."""

    media_type = "text/event-stream"

    def __init__(self, blocks: AsyncIterator[bytes], headers: Mapping[str, str] | None = None) -> None:
        super().__init__(headers={"cache-control": "no-cache", "x-accel-buffering": "no", **(headers or {})})
        del self.headers["content-length"]
        self.blocks = blocks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        pump, gone = asyncio.create_task(self._pump(send)), asyncio.create_task(_gone(receive))
        try:
            await asyncio.wait((pump, gone), return_when=asyncio.FIRST_COMPLETED)
            if not pump.done():
                log.info("the client went away in the middle of the stream")
        finally:
            pump.cancel()
            gone.cancel()
            await asyncio.gather(pump, gone, return_exceptions=True)
            await self.blocks.aclose()  # type: ignore[attr-defined]
        if not pump.cancelled():
            pump.result()

    async def _pump(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        try:
            async for block in self.blocks:
                await send({"type": "http.response.body", "body": block, "more_body": True})
        except events.StreamFailed as error:
            log.error("the provider's stream failed: %s", error)
            told = ApiError(502, f"the provider's stream failed: {error}", "stream_failed")
            await send({"type": "http.response.body", "body": events.event(told.body()), "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
