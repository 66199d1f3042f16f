"""What every request passes: the trace it belongs to, the client's key, the limit, its end, a line in the log."""

import asyncio
import hmac
import logging
import re
from collections import Counter

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from magic_proxy import clients, events, secrets, spend, tracing
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
# What a stream has around each token; the rest of a longer event is text.
ENVELOPE = 400
# Starlette's `$` also matches before a line's end: a page would have two paths, and only one of them is checked here.
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
OWN_PAGES = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?")

log = logging.getLogger("magic_proxy.requests")


class Gate:
    """Around one of the applications."""

    def __init__(self, app: ASGIApp, gateway: Gateway) -> None:
        self.app, self.gateway, self.active = app, gateway, Counter[bool]()
        # Of whom how many bodies have not come yet.
        self._coming = Counter[str]()
        self._open: set[asyncio.Timeout] = set()
        self._ends: float | None = None

    def drain(self, seconds: float) -> None:
        """From now on no request lasts longer: each ends with what it has, and an error that says why."""
        self._ends = asyncio.get_running_loop().time() + seconds
        for limit in self._open:
            limit.reschedule(self._ends)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in OPEN:
            await self.app(scope, receive, send)
            return
        headers, outcome = Headers(scope=scope), outcomes.of(scope)
        status, streams, asked, said, happened = 0, False, 0, 0, 0
        # Masked before it is cut: of a key no half is left.
        line = secrets.mask(f"{scope['method']} {scope['path']}")[: spend.LONGEST]
        kind = scope["path"].startswith(SESSIONS)
        settled, coming = False, ""
        leaving: asyncio.Task[Message] | None = None

        def settle() -> asyncio.Future[None]:
            """Where no provider counts, four bytes of text are a token, and an event of a stream is at least one."""
            took = outcome.tries and (outcome.first is not None or status == 499)
            text = max(happened, (said - ENVELOPE * happened) // 4)
            estimate = (asked // 4, text) if took else (0, 0)
            whole, config = settled and status != 499, self.gateway.config
            return spend.settle(self.gateway.limits, config, line, outcome, status, estimate, whole)

        async def told(message: Message) -> None:
            nonlocal status, streams, said, happened, settled
            if message["type"] == "http.response.start":
                status = message["status"]
                streams = Headers(scope=message).get("content-type", "").startswith("text/event-stream")
                trace, theirs = tracing.trace_id().encode(), outcome.request_id.encode()
                message["headers"] += [(b"x-trace-id", trace), (b"x-request-id", trace)]
                message["headers"] += [(b"x-provider-request-id", theirs)] if theirs else []
            else:
                body = message.get("body", b"")
                said += len(body)
                happened += body.count(b"\n\n") + body.count(b"\n\r\n") if streams else 0
                # Counted before it ends: the client's next request is measured by it.
                if not (settled or message.get("more_body")):
                    settled = True
                    await settle()
            await send(message)

        async def left() -> Message:
            message = await receive()
            # What was asked for is for nobody else; a stream that has begun sees for itself.
            if not (status or limit.expired()):
                limit.reschedule(0)
            return message

        def came() -> None:
            nonlocal coming
            if coming:
                self._coming[coming] -= 1
            coming = ""

        async def heard() -> Message:
            nonlocal leaving, asked
            if leaving:
                return await asyncio.shield(leaving)
            message = await receive()
            asked += len(message.get("body", b""))
            if message["type"] == "http.request" and not message.get("more_body"):
                came()
                leaving = asyncio.create_task(left())
            return message

        with tracing.span(line, headers.get("traceparent", "")):
            self.active[kind] += 1
            try:
                async with asyncio.timeout_at(self._ends) as limit:
                    self._open.add(limit)
                    clients.current.set(clients.UNKNOWN)
                    try:
                        clients.current.set(self._who(scope["path"], headers, kind))
                    except ApiError as refused:
                        await Json(refused.body(), refused.status, refused.headers)(scope, receive, told)
                    else:
                        if scope["method"] == "POST":
                            coming = clients.current.get().name
                            self._coming[coming] += 1
                        await self.app(scope, heard, told)
            except TimeoutError:
                if not limit.expired():
                    raise
                if leaving and leaving.done():
                    status = 499
                elif streams or not status:
                    ended = ApiError(503, "the gateway stops; ask again", "gateway_stops", retry_after=1)
                    log.error("%s is cut: the gateway stops", line)
                    if streams:
                        data = b"retry: 1000\n" + events.event(ended.body())
                        await send({"type": "http.response.body", "body": data, "more_body": False})
                    else:
                        await Json(ended.body(), ended.status, ended.headers)(scope, receive, told)
            finally:
                self._open.discard(limit)
                self.active[kind] -= 1
                came()
                if leaving:
                    leaving.cancel()
                if not settled:
                    settle()

    def _who(self, path: str, headers: Headers, session: bool) -> Client:
        """Who asks; `ApiError` when nobody who may."""
        gateway = self.gateway
        if CONTROL.search(path):
            raise ApiError(400, "the path holds a control character", "invalid_path")
        given = headers.get("authorization", "").removeprefix("Bearer ").encode()
        admin = bool(gateway.admin_key) and hmac.compare_digest(given, (gateway.admin_key or "").encode())
        client = gateway.clients.get(clients.digest(given))
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
