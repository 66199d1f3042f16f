"""What a try that failed means: what rests for it, whether another key may do better, what the client is told."""

import json
import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, Literal

from magic_proxy import secrets
from magic_proxy.errors import ApiError
from magic_proxy.outcome import objects

LONGEST_REST = 3600.0
Rests = Literal["host", "profile", "key", "use", ""]
"""What is left alone; `use`: the key for this profile only."""

_NUMBER = re.compile(r"\d+(\.\d+)?", re.ASCII)
_ELSEWHERE = re.compile(
    r"context[_ ](length|window|limit)|prompt is too long|token count.*exceeds|credit balance is too low", re.I
)
_REQUEST_ID = re.compile(r"[!-~]{1,200}")


@dataclass(eq=False)
class Failed(Exception):
    """Why a try came to nothing."""

    why: str
    rests: Rests = ""
    keys: int = 1
    """How many keys of the profile may be tried in all before the next profile; after 0 nobody else is asked."""
    status: int | None = None
    """What the client may get."""
    error: dict[str, Any] = field(default_factory=dict)
    """As the provider sent it."""
    after: float | None = None
    """Seconds until it may go better, as far as that is known."""


def garbled(why: str, error: object = None) -> Failed:
    """What was no answer, and the error that was sent in its place."""
    return Failed(why, "profile", 2, *((502, error) if error and isinstance(error, dict) else ()))


def of(status: int, headers: Mapping[str, str], said: str, own: set[str]) -> Failed:
    """What another status than 200 means; `own` are the parameters that the profile put in."""
    error = _error(said)
    message, request = str(error["message"])[:1000], request_id(headers)
    # Never what a message says: it may quote the client.
    if status == 400 and any(one.get("reason") == "API_KEY_INVALID" for one in objects(error.get("details"))):
        status = 401
    rests, keys = _policy(status)
    after = math.inf if status == 401 else pause(headers)
    # What is left is too little for this request alone.
    left = [headers.get(f"x-ratelimit-remaining-{of}", "") for of in ("requests", "tokens")]
    if status == 429 and all(number.isdecimal() and number.strip("0") for number in left):
        rests, keys, after = "", 1, None
    param = error.get("param")
    mentioned = {param} if isinstance(param, str) and param else set(re.findall(r"\w+", message))
    if not keys and (own & mentioned or _ELSEWHERE.search(f"{error.get('code')} {message}")):
        keys = 1
    why = f"it answered {status}: {message}" + (f" (its request {request})" if request else "")
    return Failed(why, rests, keys, status if 400 <= status < 600 else None, error, after)


def _policy(status: int) -> tuple[Rests, int]:
    """What rests, and how many keys of the profile may be tried: the table of docs/gateway.md."""
    if status in (401, 429):
        return "key", 5
    if status in (402, 403):
        return "use", 5
    if status >= 500 or status == 408:
        return "profile", 2
    return "", int(status < 400 or status in (404, 405, 409, 413))


def _error(said: str) -> dict[str, Any]:
    """What was sent in OpenAI's shape, bare, or in a list; its `message` is a text."""
    try:
        error: Any = json.loads(said)
    except (ValueError, RecursionError):
        error = None
    error = error[0] if isinstance(error, list) and error else error
    error = error.get("error", error) if isinstance(error, dict) else error
    fields = error if isinstance(error, dict) else {"message": error}
    return fields if isinstance(fields.get("message"), str) else {**fields, "message": said[:200].strip()}


def pause(headers: Mapping[str, str]) -> float | None:
    """For how many seconds a provider asks to be left alone; `None` when it does not say."""
    for name, unit in (("retry-after-ms", 1000), ("retry-after", 1)):
        asked = headers.get(name, "").strip()
        try:
            if _NUMBER.fullmatch(asked):
                return min(float(asked) / unit, LONGEST_REST)
            when = parsedate_to_datetime(asked)
            return min(max(0.0, when.timestamp() - time.time()), LONGEST_REST)
        except (ValueError, OverflowError):
            pass
    return None


def request_id(headers: Mapping[str, str]) -> str:
    """What the provider calls the request, where that can be passed on."""
    found = headers.get("x-request-id") or headers.get("request-id") or ""
    return secrets.mask(found) if _REQUEST_ID.fullmatch(found) else ""


def told(model: str, failures: list[Failed]) -> ApiError:
    """What the client gets when nobody answered: the status that all gave, or 503."""
    # A key that is useless says nothing about the others.
    counted = [failed for failed in failures if failed.status != 401] or failures
    # What the client can change itself is told before whatever else went wrong.
    for failed in counted:
        if not failed.keys or failed.status in (400, 413, 422):
            return ApiError(failed.status or 400, failed.why, "provider_refused", fields=_fields(failed.error))
    why = f"no provider could answer for {model!r}: {'; '.join(dict.fromkeys(failed.why for failed in failures))}"
    after = min((failed.after for failed in counted if failed.after not in (None, math.inf)), default=None)
    status, *others = {failed.status for failed in counted}
    if others or status in (None, 401):
        return ApiError(503, why[:5000], "no_provider", retry_after=after)
    return ApiError(status, why[:5000], "no_provider", retry_after=after, fields=_fields(counted[-1].error))


def _fields(error: dict[str, Any]) -> dict[str, Any]:
    """What a client's program goes by, as far as the provider gave it."""
    told = {name: error.get(name) for name in ("code", "param", "type")}
    return {name: it[:200] if isinstance(it, str) else it for name, it in told.items() if isinstance(it, str | int)}
