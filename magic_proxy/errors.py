"""Errors in OpenAI's shape, whatever went wrong."""

import json
import logging
import math
from typing import Any

from redis.exceptions import RedisError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from magic_proxy import secrets
from magic_proxy.config import ConfigError

TYPES = {401: "authentication_error", 404: "not_found_error", 429: "rate_limit_error", 503: "service_unavailable_error"}

log = logging.getLogger("magic_proxy.errors")


class Away(Exception):
    """Which store can't be used now, and why."""


class ApiError(Exception):
    """What a client is told."""

    def __init__(
        self,
        status: int,
        message: str,
        code: str,
        param: str | None = None,
        *,
        retry_after: float | None = None,
        fields: dict[str, Any] | None = None,
    ) -> None:
        """`fields` are a provider's own `type`, `param` and `code`, and hold where they are there."""
        super().__init__(message)
        self.status = status
        self.headers = {"retry-after": str(max(1, math.ceil(retry_after)))} if retry_after is not None else {}
        kind = TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")
        self._told = {"message": message, "type": kind, "param": param, "code": code, **(fields or {})}

    def body(self) -> dict[str, Any]:
        told = {name: secrets.mask(it) if isinstance(it, str) else it for name, it in self._told.items()}
        return {"error": told}


class Json(JSONResponse):
    """JSON in ASCII: half a surrogate pair in a provider's or client's text must not end the answer."""

    def render(self, content: Any) -> bytes:
        return json.dumps(content, separators=(",", ":")).encode()


async def handle(request: Request, error: Exception) -> Response:
    """The answer to a request that failed."""
    if isinstance(error, HTTPException):
        error = ApiError(error.status_code, f"{request.method} {request.url.path}: {error.detail}", "no_such_page")
    if isinstance(error, RedisError | Away):
        log.error("a store is away: %s: %s", type(error).__name__, error)
        error = ApiError(503, f"a store is away: {error}", "store_away", retry_after=1)
    if isinstance(error, ConfigError):
        error = ApiError(400, f"the old configuration stays: {error}", "invalid_config")
    if not isinstance(error, ApiError):
        # uvicorn logs the traceback.
        error = ApiError(500, "the gateway failed; its log says how", "internal_error")
    return Json(error.body(), error.status, error.headers)


HANDLERS: dict[Any, Any] = dict.fromkeys((ApiError, ConfigError, HTTPException, RedisError, Away, Exception), handle)
