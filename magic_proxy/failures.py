"""What a try that failed means: what rests for it, whether another key may do better, what the client is told."""

import json
import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal

from magic_proxy import secrets
from magic_proxy.errors import ApiError

LONGEST_REST = 3600.0
# What the client can change itself: told before whatever else went wrong.
OF_THE_REQUEST = (400, 413, 422)

_DURATION = re.compile(r"([\d.]+)(ms|[smhd])")
_IN_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_BAD_KEY = re.compile("API_KEY_INVALID|API key not valid")
_TOO_LONG = re.compile(r"context[_ ](length|window|limit)|prompt is too long|token count.*exceeds", re.I)
_REQUEST_ID = re.compile(r"[!-~]{1,200}")


@dataclass(eq=False)
class Failed(Exception):
    """Why a try came to nothing."""

    why: str
    rests: Literal["host", "profile", "key", "use"] | None = None
    """What is left alone for it; `use`: the key for this profile only."""
    status: int | None = None
    """The provider's, where the client may get it."""
    error: dict[str, Any] = field(default_factory=dict)
    """`code`, `param` and `type`, as the provider gave them."""
    after: float | None = None
    """Seconds until it may go better, as far as that is known."""
    ends: bool = False
    """Nobody else is asked: it is the request's fault."""


def of(provider: str, status: int, headers: Mapping[str, str], said: str, own: set[str]) -> Failed:
    """What another status than 200 means; `own` are the parameters that the profile put in."""
    error = error_in(said)
    message, request = error.pop("message"), request_id(headers)
    why = f"{provider} answered {status}: {message}" + (f" (its request {request})" if request else "")
    failed = Failed(why, None, status if 400 <= status < 600 else None, error, pause(headers))
    if status == 401 or (status == 400 and _BAD_KEY.search(said)):
        failed.rests, failed.status, failed.after = "key", 401, math.inf
    elif status == 429:
        failed.rests = "key"
    elif status in (402, 403):
        failed.rests = "use"
    elif status >= 500 or status == 408:
        failed.rests = "profile"
    elif 400 <= status not in (404, 405, 409, 413):
        param = error.get("param")
        mentioned = {param} if param else set(re.findall(r"\w+", message))
        failed.ends = not (_TOO_LONG.search(f"{error.get('code')} {message}") or own & mentioned)
    return failed


def error_in(said: str | dict[str, Any]) -> dict[str, Any]:
    """The `message`, and the `code`, `param` and `type` that are there: in OpenAI's shape, bare, or in a list."""
    try:
        error: Any = json.loads(said) if isinstance(said, str) else said
    except (ValueError, RecursionError):
        error = None
    error = error[0] if isinstance(error, list) and error else error
    error = error.get("error", error) if isinstance(error, dict) else error
    found = {"message": error} if isinstance(error, str) else error if isinstance(error, dict) else {}
    message = found.get("message")
    fields = {name: found[name] for name in ("code", "param", "type") if isinstance(found.get(name), str | int)}
    return {**fields, "message": message[:1000] if isinstance(message, str) else str(said)[:200].strip()}


def pause(headers: Mapping[str, str]) -> float | None:
    """For how many seconds a provider asks to be left alone; `None` when it does not say."""
    resets = [
        value
        for name, value in headers.items()
        if "ratelimit" in name and "reset" in name and headers.get(name.replace("reset", "remaining"), "0") == "0"
    ]
    for said in ([headers.get("retry-after-ms", "") + "ms"], [headers.get("retry-after", "")], resets):
        if found := [seconds for seconds in map(_seconds, said) if seconds is not None]:
            return min(max(found), LONGEST_REST)
    return None


def _seconds(text: str) -> float | None:
    """Of seconds, `1m30s`, a date, or a time since 1970 in seconds or milliseconds: how long that is from now."""
    text = text.strip()
    try:
        if (parts := _DURATION.findall(text)) and "".join(map("".join, parts)) == text:
            return sum(float(number) * _IN_SECONDS[unit] for number, unit in parts)
        if text.replace(".", "", 1).isdecimal():
            # A rest has fewer than a billion seconds, a time since 1970 in seconds fewer than a hundred billion.
            seconds = float(text) / (1000 if len(text) > 11 else 1)
            return seconds if seconds < 1e9 else max(0.0, seconds - time.time())
        when = datetime.fromisoformat(text) if text[:1].isdecimal() else parsedate_to_datetime(text)
        return max(0.0, when.replace(tzinfo=when.tzinfo or UTC).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


def request_id(headers: Mapping[str, str]) -> str:
    """What the provider calls the request, where that can be passed on."""
    found = headers.get("x-request-id") or headers.get("request-id") or ""
    return secrets.mask(found) if _REQUEST_ID.fullmatch(found) else ""


def told(model: str, failures: list[Failed]) -> ApiError:
    """What the client gets when nobody answered: the status that all gave, or 503."""
    # A key that is useless says nothing about the others.
    counted = [failed for failed in failures if failed.status != 401] or failures
    theirs = next((failed for failed in counted if failed.status in OF_THE_REQUEST), None)
    if theirs:
        return ApiError(theirs.status or 400, theirs.why, "provider_refused", fields=theirs.error)
    reasons = "; ".join(dict.fromkeys(failed.why for failed in failures))[:4000]
    last, after = counted[-1], min((failed.after for failed in counted if failed.after is not None), default=math.inf)
    message, back = f"no provider could answer for {model!r}: {reasons}", after if after < math.inf else None
    if last.status in (None, 401) or any(failed.status != last.status for failed in counted):
        return ApiError(503, message, "no_provider", retry_after=back)
    return ApiError(last.status or 503, message, "no_provider", retry_after=back, fields=last.error)
