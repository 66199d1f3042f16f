"""Bodies of requests: read up to a limit, parsed, and checked for what the gateway itself relies on."""

import asyncio
import json
import math
from collections.abc import AsyncIterator
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from starlette.requests import ClientDisconnect, Request

from magic_proxy.errors import ApiError

LARGEST = 8 << 20
WITHIN = 30.0

Model = TypeVar("Model", bound=BaseModel)


class Body(BaseModel):
    """Fields that aren't named are passed on as they came."""

    model_config = ConfigDict(extra="allow", strict=True)


class ChatMessage(Body):
    role: str


class Chat(Body):
    model: str
    messages: Annotated[list[ChatMessage], Field(min_length=1)]
    stream: bool | None = None
    stream_options: dict[str, Any] | None = None
    tools: list[dict[str, Any]] | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None


class Embeddings(Body):
    model: str
    input: Annotated[str | list[str] | list[int] | list[list[int]], Field(min_length=1)]
    encoding_format: str | None = None


class Responses(Body):
    model: str
    input: str | list[dict[str, Any]] | None = None
    stream: bool | None = None
    background: bool | None = None

    @field_validator("background")
    @classmethod
    def _is_answered_now(cls, value: bool | None) -> bool | None:
        # Nobody could fetch it here, and what it takes would never be counted.
        if value:
            told = "an answer in the background can't be fetched here"
            raise ApiError(400, told, "unsupported_parameter", "background")
        return value


async def read(request: Request) -> bytes:
    """The whole body; 413 when it is too large, 408 when it does not come: it takes a place that others wait for."""
    try:
        async with asyncio.timeout(WITHIN):
            body = await up_to(LARGEST, request.stream())
    except TimeoutError as error:
        raise ApiError(408, f"the body did not come within {WITHIN:.0f} s", "request_timeout") from error
    except ClientDisconnect as error:
        raise ApiError(499, "the client left before its body had come", "client_left") from error
    if len(body) > LARGEST:
        raise ApiError(413, f"the body is larger than {LARGEST} bytes", "request_too_large")
    return body


async def up_to(most: int, chunks: AsyncIterator[bytes]) -> bytes:
    """All of it, or one byte more than `most`."""
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > most:
            break
    return bytes(body[: most + 1])


async def read_json(request: Request, model: type[BaseModel]) -> dict[str, Any]:
    """The body as it came, once it is known to fit `model`; else 400."""
    try:
        value: dict[str, Any] = _DECODER.decode((await request.body()).decode())
    except (ValueError, RecursionError) as error:
        raise ApiError(400, f"the body is not valid JSON: {error}", "invalid_json") from error
    checked(value, model)
    return value


def checked(value: object, model: type[Model]) -> Model:
    """The `model` that `value` fits; else 400 that names the field."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(map(str, problem["loc"]))
        raise ApiError(400, f"{field or 'the body'}: {problem['msg']}", "invalid_type", field or None) from error


def _finite(number: str) -> float:
    """What is passed on must be JSON again."""
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"{number[:20]} is no number that it can hold")
    return value


_DECODER = json.JSONDecoder(parse_constant=_finite, parse_float=_finite)
