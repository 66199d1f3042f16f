"""One request and its answer: when they end, and what of them is counted."""

import asyncio
import logging
from typing import cast

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from magic_proxy import bodies, events, outcome, secrets, spend, tracing
from magic_proxy.errors import ApiError, Json
from magic_proxy.gateway import Gateway

# What a stream has around each token; the rest of a longer event is text.
ENVELOPE = 400

log = logging.getLogger("magic_proxy.requests")


class Exchange:
    """What an application is given in place of the server's `receive` and `send`."""

    def __init__(self, gateway: Gateway, scope: Scope, receive: Receive, send: Send) -> None:
        self._gateway, self._scope, self._receive, self._send = gateway, scope, receive, send
        self.task = cast("asyncio.Task[None]", asyncio.current_task())
        # Masked before it is cut: of a key no half is left.
        self.line = secrets.mask(f"{scope['method']} {scope['path']}")[: spend.LONGEST]
        self._outcome = outcome.of(scope)
        self._status, self._streams, self._settled = 0, False, False
        self._asked, self._said, self._events = 0, 0, 0
        self._body: bytes | None = None
        self._leaving: asyncio.Task[Message] | None = None

    async def read(self) -> None:
        """Waits for the whole body; from then on the answer ends when the client leaves."""
        self._body = await bodies.read(Request(self._scope, self._receive))
        self._asked = len(self._body)
        self._leaving = asyncio.create_task(self._left())

    async def _left(self) -> Message:
        message = await self._receive()
        # What was asked for is for nobody else; a stream that has begun sees for itself.
        if not self._status:
            self._status = 499
            self.task.cancel()
        return message

    async def receive(self) -> Message:
        """The body, and then that the client has left."""
        body, self._body = self._body, None
        if body is None and self._leaving:
            return await asyncio.shield(self._leaving)
        return {"type": "http.request", "body": body}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._streams = Headers(scope=message).get("content-type", "").startswith("text/event-stream")
            trace, theirs = tracing.trace_id().encode(), self._outcome.request_id.encode()
            message["headers"] += [(b"x-trace-id", trace), (b"x-request-id", trace)]
            message["headers"] += [(b"x-provider-request-id", theirs)] if theirs else []
        else:
            body = message.get("body", b"")
            self._said += len(body)
            self._events += body.count(b"\n\n") + body.count(b"\n\r\n") if self._streams else 0
            # Counted before it ends: the client's next request is measured by it.
            if not (self._settled or message.get("more_body")):
                await self._settle(whole=True)
        await self._send(message)

    async def refuse(self, error: ApiError) -> None:
        await Json(error.body(), error.status, error.headers)(self._scope, self._receive, self.send)

    async def cut(self) -> None:
        """Tells that it was ended, unless the client has left or the answer can't hold it any more."""
        if self._status and not self._streams:
            return
        ended = ApiError(503, "the gateway stops; ask again", "gateway_stops", retry_after=1)
        log.error("%s is cut: the gateway stops", self.line)
        if self._streams:
            await self._send({"type": "http.response.body", "body": b"retry: 1000\n" + events.event(ended.body())})
        else:
            await self.refuse(ended)

    def end(self) -> None:
        """Counts what has passed, when its end has not."""
        if self._leaving:
            self._leaving.cancel()
        if not self._settled:
            self._settle(whole=False)

    def _settle(self, whole: bool) -> asyncio.Future[None]:
        """Where no provider counts, four bytes of text are a token, and an event of a stream is at least one."""
        self._settled, outcome, status = True, self._outcome, self._status
        took = outcome.tries and (outcome.first is not None or status == 499)
        text = max(self._events, (self._said - ENVELOPE * self._events) // 4)
        estimate = (self._asked // 4, text) if took else (0, 0)
        return spend.settle(self._gateway.limits, self._gateway.config, self.line, outcome, status, estimate, whole)
