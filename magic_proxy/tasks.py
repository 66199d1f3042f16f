"""`/v1/react/sessions`: puts tasks on Kafka and streams what the worker records of them."""

import hashlib
import json
import uuid
from collections.abc import Mapping
from itertools import count

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from magic_proxy import bodies, clients, events, sessions, tracing
from magic_proxy.errors import ApiError, Away, Json
from magic_proxy.gateway import Gateway
from magic_proxy.sessions import Event, failure
from magic_proxy.worker import HEADERS, TOPIC, Queued, Task

# What a broker takes as it comes, less what goes with it.
LARGEST = 1_000_000
REFUSED = failure(ApiError(503, "Kafka did not take the task; it never runs", "not_queued"))
CANCELLED = failure(ApiError(499, "a client ended the session", "cancelled"))


class Asked(Task):
    stream: bool = True


def routes(gateway: Gateway) -> list[Route]:
    recorded = gateway.sessions

    async def begin(request: Request) -> Response:
        asked = Asked(**await bodies.read_json(request, Asked))
        await gateway.admit(asked.model)
        session = await queue(asked, request.headers)
        if not asked.stream:
            return Json({"id": session}, 202)
        return events.streamed(recorded.follow(session), {"x-session-id": session})

    async def queue(asked: Asked, headers: Mapping[str, str]) -> str:
        """Puts the task on Kafka, or finds that the same client did under the same `Idempotency-Key`."""
        given = headers.get("idempotency-key")
        for attempt in count():
            text = f"{headers.get('authorization')} {attempt} {given}"
            session = hashlib.sha256(text.encode()).hexdigest()[:32] if given else uuid.uuid4().hex
            task = Queued(id=session, **asked.model_dump(exclude={"stream"})).model_dump()
            message = json.dumps(task).encode()
            if len(message) > LARGEST:
                raise ApiError(413, f"the task is larger than {LARGEST} bytes", "request_too_large")
            first = await recorded.append(session, 1, Event("task", task))
            there = [] if first else await recorded.read(session)
            if there and there[0].data != task:
                raise ApiError(422, "another task had this Idempotency-Key", "idempotency_key_reused")
            # One that nobody has taken may not have come to Kafka; there twice it is still done once.
            if len(there) < 2:
                await publish(session, message)
            if REFUSED not in there:
                break
        return session

    async def publish(session: str, message: bytes) -> None:
        try:
            values = tracing.traceparent(), clients.current.get().name
            headers = [(name, value.encode()) for name, value in zip(HEADERS, values, strict=True)]
            await gateway.stores.publish(TOPIC, session, message, headers)
        except Away:
            # It may come to Kafka all the same. Who is first decides: the worker that took it, or this.
            if await recorded.append(session, 2, REFUSED):
                raise

    async def follow(request: Request) -> Response:
        session = request.path_params["session"]
        if (newest := await recorded.newest(session)) is None:
            raise unknown(session)
        end = (newest[0], sessions.WHOLE)
        last = min(sessions.parsed(request.headers.get("last-event-id", "")), end)
        if last == end and newest[1].name in sessions.ENDS:
            # Tells an EventSource, which comes back by itself, that this was all.
            return Response(status_code=204)
        return events.streamed(recorded.follow(session, last), {"x-session-id": session})

    async def cancel(request: Request) -> Response:
        session = request.path_params["session"]
        if not await recorded.end(session, CANCELLED):
            raise unknown(session)
        return Response(status_code=204)

    return [
        Route("/v1/react/sessions", begin, methods=["POST"]),
        Route("/v1/react/sessions/{session}", follow),
        Route("/v1/react/sessions/{session}", cancel, methods=["DELETE"]),
    ]


def unknown(session: str) -> ApiError:
    return ApiError(404, f"there is no session {session!r}", "session_not_found")
