"""What happened in an agent's session, as a Redis stream `sse_session:ID`.

An event's id is its place in the session. Redis takes each place once, so whoever comes second, after a crash or beside
another worker, is refused, reads what there is, and goes on from there: nothing is twice.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from magic_proxy import events

KEPT_FOR = 24 * 3600
ACK_WITHIN = 10
AWAY_AT_MOST = 30
ANSWER = "FinalAnswerStreamEnd"
ENDS = (ANSWER, "TaskFailed")


class Event(NamedTuple):
    name: str
    data: dict[str, Any]


class Sessions:
    """The sessions of one Redis."""

    def __init__(self, redis: Redis) -> None:
        # Its types know of no stream.
        self._redis: Any = redis

    async def append(self, session: str, place: int, event: Event) -> bool:
        """Records what happened at a place; `False` when something else already did."""
        key = f"sse_session:{session}"
        try:
            async with self._redis.pipeline() as both:
                both.xadd(key, {"event": event.name, "data": json.dumps(event.data)}, id=f"{place}-0")
                both.expire(key, KEPT_FOR)
                await both.execute()
        except ResponseError as error:
            if "equal or smaller" in str(error):
                return False
            raise
        return True

    async def read(self, session: str) -> list[Event]:
        """All that happened so far."""
        return [_event(fields) for _, fields in await self._redis.xrange(f"sse_session:{session}")]

    async def follow(self, session: str, place: int) -> AsyncIterator[bytes]:
        """What happened after a place and what happens, as server-sent events, until the session's end."""
        loop = asyncio.get_running_loop()
        began = last_answer = loop.time()
        key = f"sse_session:{session}"
        while True:
            try:
                found = await self._redis.xread({key: f"{place}-0"}, block=1000)
                last_answer = loop.time()
            except (RedisError, OSError) as error:
                if loop.time() - last_answer > AWAY_AT_MOST:
                    raise events.StreamFailed(f"Redis is away: {type(error).__name__}") from error
                await asyncio.sleep(0.5)
                continue
            for number, fields in found[0][1] if found else []:
                place = int(number.split(b"-")[0])
                event = _event(fields)
                for block in _told(event, place):
                    yield block
                if event.name in ENDS:
                    return
            if not found and place <= 1 and loop.time() - began > ACK_WITHIN:
                raise events.StreamFailed("no worker took the task in time; it stays queued: ask for it later")
            if not found:
                yield b": waiting\n\n"


def _told(event: Event, place: int) -> list[bytes]:
    """A record as a client sees it: an answer comes in pieces first."""
    if event.name == "task":
        return []
    deltas = events.cut(str(event.data["answer"])) if event.name == ANSWER else []
    pieces = [events.event({"delta": delta}, "FinalAnswerStream") for delta in deltas]
    return [*pieces, events.event(event.data, event.name, place)]


def _event(fields: dict[bytes, bytes]) -> Event:
    return Event(fields[b"event"].decode(), json.loads(fields[b"data"]))
