"""What every request passes: the trace it belongs to, the client's key, the limit, its end, a line in the log."""

import asyncio
import logging
import re
from collections import Counter
from typing import cast

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from magic_proxy import bodies, clients, events, secrets, spend, tracing
from magic_proxy import outcome as outcomes
from magic_proxy.clients import Client
from magic_proxy.errors import ApiError, Json
from magic_proxy.gateway import Gateway

OPEN = ("/", "/health", "/health/live", "/health/ready", "/health/ready/chat")
# They wait more than they work, and so are counted apart from what `max_parallel_requests` is for.
SESSIONS, MOST_IN_SESSIONS = "/v1/react/sessions", 4096
# What no page can have its own name lead to: addresses, and names without a dot.
OWN_HOSTS = re.compile(
    r"([a-z0-9_-]+|([a-z0-9_-]+\.)+localhost|host\.docker\.internal|[\d.]+|\[[\da-f:.]+\])?(:\d+)?", re.I
)
OWN_PAGES = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?")
# Starlette's `$` also matches before a line's end: a page would have two paths, and only one of them is checked here.
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# What a stream has around each token; the rest of a longer event is text.
ENVELOPE = 400
# Seconds: a task that waits for a client to leave takes longer to make than many an answer takes to come.
WATCHED_AFTER = 0.05

log = logging.getLogger("magic_proxy.requests")


class Gate:
    """Around one of the applications."""

    def __init__(self, app: ASGIApp, gateway: Gateway) -> None:
        self.app, self.gateway, self.active = app, gateway, Counter[bool]()
        # Of whom how many bodies have not come yet.
        self._coming = Counter[str]()
        self._open: set[asyncio.Task[None]] = set()

    def drain(self, seconds: float) -> None:
        """What has not ended in so many seconds ends then, with what it has and an error that says why."""
        asyncio.get_running_loop().call_later(seconds, lambda: [task.cancel() for task in self._open])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in OPEN:
            await self.app(scope, receive, send)
            return
        session = scope["path"].startswith(SESSIONS)
        exchange = Exchange(self.gateway, scope, receive, send)
        with tracing.span(exchange.line, Headers(scope=scope).get("traceparent", "")):
            clients.current.set(clients.UNKNOWN)
            self.active[session] += 1
            self._open.add(exchange.task)
            try:
                await self._pass(exchange, scope, session)
            except asyncio.CancelledError:
                await exchange.cut()
            finally:
                self._open.discard(exchange.task)
                self.active[session] -= 1
                exchange.end()

    async def _pass(self, exchange: "Exchange", scope: Scope, session: bool) -> None:
        try:
            client = self._who(scope["path"], Headers(scope=scope), session)
            clients.current.set(client)
            self._coming[client.name] += 1
            try:
                await exchange.read()
            finally:
                self._coming[client.name] -= 1
        except ApiError as refused:
            await exchange.refuse(refused)
        else:
            await self.app(scope, exchange.receive, exchange.send)

    def _who(self, path: str, headers: Headers, session: bool) -> Client:
        """Who asks; `ApiError` when nobody who may."""
        if CONTROL.search(path):
            raise ApiError(400, "the path holds a control character", "invalid_path")
        gateway, key = self.gateway, clients.digest(headers.get("authorization", "").removeprefix("Bearer ").encode())
        client = gateway.clients.get(key)
        admin = gateway.admin_key is not None and key == clients.digest(gateway.admin_key.encode())
        if path == "/admin" or path.startswith("/admin/"):
            if not gateway.admin_key:
                raise ApiError(404, f"{path}: Not Found", "no_such_page")
            needed = "" if admin else "ADMIN_API_KEY in env/admin.env"
        elif path == "/metrics":
            needed = "" if admin or (client and client.metrics) else "a client with `metrics: true`, or ADMIN_API_KEY"
        else:
            needed = "" if client or not gateway.clients else "one of env/gateway.env or gateway.yaml"
        if needed:
            told = f"a key is needed here: {needed}"
            raise ApiError(403 if client else 401, told, "not_admin" if client else "invalid_api_key")
        if not (admin or client or OWN_HOSTS.fullmatch(headers.get("host", ""))):
            raise ApiError(403, "without a key it is reached by an address or a local name only", "foreign_host")
        # Any page that a browser shows could otherwise use, or reconfigure, what listens on its machine.
        if (origin := headers.get("origin")) and not OWN_PAGES.fullmatch(origin):
            raise ApiError(403, "web pages of other machines may not use this gateway", "foreign_origin")
        if client and not client.models and path.startswith(("/tools/", "/mcp")):
            raise ApiError(403, "tools are for clients that may use a model", "no_tools")
        # The rate is counted by requests that are whole: without this, slow bodies would take the places of all.
        if client and client.requests_per_minute and self._coming[client.name] >= client.requests_per_minute:
            told = f"the client {client.name} may ask {client.requests_per_minute} times a minute: as many are coming"
            raise ApiError(429, told, "rate_limit_exceeded", retry_after=1)
        most = MOST_IN_SESSIONS if session else gateway.config.router_settings.max_parallel_requests
        if self.active[session] > most:
            raise ApiError(429, "too many requests at once", "too_many_requests", retry_after=1)
        return client or (clients.ADMIN if admin else clients.ANYONE)


class Exchange:
    """One request and its answer, as they pass: when they end, and what of them is counted."""

    def __init__(self, gateway: Gateway, scope: Scope, receive: Receive, send: Send) -> None:
        self._gateway, self._scope, self._receive, self._send = gateway, scope, receive, send
        self.task = cast("asyncio.Task[None]", asyncio.current_task())
        # Masked before it is cut: of a key no half is left.
        self.line = secrets.mask(f"{scope['method']} {scope['path']}")[: spend.LONGEST]
        self._outcome = outcomes.of(scope)
        self._status, self._streams, self._settled = 0, False, False
        self._asked, self._said, self._events = 0, 0, 0
        self._body: bytes | None = None
        self._leaving: asyncio.Task[Message] | None = None
        self._watch: asyncio.TimerHandle | None = None

    async def read(self) -> None:
        """Waits for the whole body; from then on the answer ends when the client leaves."""
        self._body = await bodies.read(Request(self._scope, self._receive))
        self._asked = len(self._body)
        self._watch = asyncio.get_running_loop().call_later(WATCHED_AFTER, self._watched)

    def _watched(self) -> asyncio.Task[Message]:
        self._leaving = self._leaving or asyncio.create_task(self._left())
        return self._leaving

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
        if body is None:
            return await asyncio.shield(self._watched())
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
        if self._watch:
            self._watch.cancel()
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
