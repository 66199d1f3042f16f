"""Bodies of requests: read up to a limit, parsed, and checked for what the gateway itself relies on."""

import json
from typing import Annotated, Any, Never

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request

from magic_proxy.errors import ApiError

LARGEST = 16 << 20


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


async def read(request: Request) -> bytes:
    """The body, or 413."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST:
            raise ApiError(413, f"the body is larger than {LARGEST} bytes", "request_too_large")
        parts.append(part)
    return b"".join(parts)


async def read_json(request: Request, model: type[BaseModel]) -> dict[str, Any]:
    """The body as it came, once it is known to fit `model`; else 400."""
    body = await read(request)
    try:
        value = json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise ApiError(400, f"the body is not valid JSON: {error}", "invalid_json") from error
    return checked(value, model)


def checked(value: Any, model: type[BaseModel]) -> dict[str, Any]:
    """`value`, once it is known to fit `model`; else 400 that names the field."""
    try:
        model.model_validate(value)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(map(str, problem["loc"]))
        raise ApiError(400, f"{field or 'the body'}: {problem['msg']}", "invalid_type", field or None) from error
    fitting: dict[str, Any] = value
    return fitting


def _refuse(constant: str) -> Never:
    raise ValueError(f"{constant} is no JSON")
