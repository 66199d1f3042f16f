"""`/v1/react/sessions`: puts tasks on Kafka and streams what the worker records of them."""

import json
import uuid
from typing import Annotated

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from magic_proxy import bodies, events, router, tracing
from magic_proxy.config import Part
from magic_proxy.errors import ApiError, Json
from magic_proxy.gateway import Gateway
from magic_proxy.sessions import Event
from magic_proxy.worker import TOPIC


class Task(Part):
    model: str
    input: Annotated[str, Field(min_length=1)]
    max_steps: Annotated[int, Field(ge=1, le=64)] = 8
    stream: bool = True


def routes(gateway: Gateway) -> list[Route]:
    async def begin(request: Request) -> Response:
        asked = Task(**await bodies.read_json(request, Task))
        router.known(gateway.config, asked.model)
        session = uuid.uuid4().hex
        task = {"id": session, **asked.model_dump(exclude={"stream"})}
        await gateway.sessions.append(session, 1, Event("task", task))
        headers = [("traceparent", tracing.traceparent().encode())]
        await gateway.stores.publish(TOPIC, session, json.dumps(task).encode(), headers)
        if not asked.stream:
            return Json({"id": session}, 202)
        return events.streamed(gateway.sessions.follow(session, 1), {"x-session-id": session})

    async def follow(request: Request) -> Response:
        session = request.path_params["session"]
        last = request.headers.get("last-event-id", "0")
        if not await gateway.sessions.read(session):
            raise ApiError(404, f"there is no session {session!r}", "session_not_found")
        place = int(last) if last.isdecimal() else 0
        return events.streamed(gateway.sessions.follow(session, place), {"x-session-id": session})

    return [
        Route("/v1/react/sessions", begin, methods=["POST"]),
        Route("/v1/react/sessions/{session}", follow),
    ]
