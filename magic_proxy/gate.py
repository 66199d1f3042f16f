"""What every request passes: the trace it belongs to, the client's key, the limit, a line in the log."""

import hmac
import logging
import re
import time

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from magic_proxy import tracing
from magic_proxy.errors import ApiError, Json
from magic_proxy.gateway import Gateway

OPEN = ("/", "/health")
OWN_PAGES = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?")

log = logging.getLogger("magic_proxy.requests")


class Gate:
    """Around one of the applications."""

    def __init__(self, app: ASGIApp, gateway: Gateway) -> None:
        self.app, self.gateway, self.active = app, gateway, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in OPEN:
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        began, status = time.monotonic(), 0

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"].append((b"x-trace-id", tracing.trace_id().encode()))
            await send(message)

        line = f"{scope['method']} {scope['path']}"
        with tracing.span(line, headers.get("traceparent", "")):
            self.active += 1
            try:
                if refused := self._refused(headers):
                    await Json(refused.body(), refused.status, refused.headers)(scope, receive, told)
                else:
                    await self.app(scope, receive, told)
            finally:
                self.active -= 1
                log.info("%s: %s in %.0f ms", line, status or "no answer", (time.monotonic() - began) * 1000)

    def _refused(self, headers: Headers) -> ApiError | None:
        key = self.gateway.client_key
        given = headers.get("authorization", "").removeprefix("Bearer ")
        if key and not hmac.compare_digest(given.encode(), key.encode()):
            return ApiError(401, "a key is needed here (GATEWAY_API_KEY in env/gateway.env)", "invalid_api_key")
        # Any page that a browser shows could otherwise use, or reconfigure, what listens on its machine.
        if (origin := headers.get("origin")) and not OWN_PAGES.fullmatch(origin):
            return ApiError(403, "web pages of other machines may not use this gateway", "foreign_origin")
        if self.active > self.gateway.config.router_settings.max_parallel_requests:
            return ApiError(429, "too many requests at once", "too_many_requests", retry_after=1)
        return None
