"""What happened in an agent's session, as a Redis stream `sse_session:ID`.

An event's id is its place in the session. Redis takes each place once, so whoever comes second, after a crash or beside
another worker, is refused, reads what there is, and goes on from there: nothing is twice.
"""

import asyncio
import json
import logging
import re
import uuid
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from magic_proxy import events
from magic_proxy.errors import ApiError
from magic_proxy.failures import Failed

KEPT_FOR = 24 * 3600
ACK_WITHIN = 30
AWAY_AT_MOST = 30
WAIT = 1.0
PIECE = 12
ANSWER = "FinalAnswerStreamEnd"
ENDS = (ANSWER, "TaskFailed")

# A place, and within the answer how many of its characters came.
_ID = re.compile(r"(\d{1,9})(?:\.(\d{1,9}))?", re.ASCII)
Id = tuple[int, float]
WHOLE = float("inf")

log = logging.getLogger("magic_proxy.sessions")


class Event(NamedTuple):
    name: str
    data: dict[str, Any]


class Followed:
    """A session that somebody follows: what clients see of it, once for all of them."""

    def __init__(self) -> None:
        self.blocks: list[tuple[Id, bytes]] = []
        self.place, self.followers = 0, 0
        self.ended = False
        self.changed = asyncio.Event()

    def add(self, place: int, event: Event) -> None:
        self.place, self.ended = place, event.name in ENDS
        self.blocks += told(event, place)
        self.changed.set()
        self.changed = asyncio.Event()


class Sessions:
    """The sessions of one Redis: `reading` is the connection that waits for what happens in all that are followed."""

    def __init__(self, redis: Redis, reading: Redis) -> None:
        # Its types know of no stream.
        self._redis: Any = redis
        self._reading: Any = reading
        self._followed: dict[str, Followed] = {}
        self._reader: asyncio.Task[None] | None = None
        self._wake = f"sse_wake:{uuid.uuid4().hex}"
        self._answered = 0.0
        self._closed = False
        self.working: dict[str, asyncio.Task[None]] = {}
        """Those that this process's worker works on."""

    async def append(self, session: str, place: int, event: Event) -> bool:
        """Records what happened at a place; `False` when something else already did."""
        key = _key(session)
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
        return [_event(fields) for _, fields in await self._redis.xrange(_key(session))]

    async def end(self, session: str, event: Event) -> list[Event]:
        """All that happened, the last of which ends it: `event`, unless it had ended."""
        while (recorded := await self.read(session)) and recorded[-1].name not in ENDS:
            if await self.append(session, len(recorded) + 1, event) and session in self.working:
                self.working[session].cancel()
        return recorded

    def close(self) -> None:
        """Ends what is followed: it can be followed on from its last id in the next process."""
        self._closed = True
        if self._reader:
            self._reader.cancel()
        for one in self._followed.values():
            one.changed.set()

    async def follow(self, session: str, last: Id = (1, WHOLE)) -> AsyncIterator[bytes]:
        """What happened after an id and what happens, as server-sent events, until the session's end."""
        loop = asyncio.get_running_loop()
        began, seen = loop.time(), 0
        key = _key(session)
        one = self._followed.setdefault(key, Followed())
        one.followers += 1
        try:
            await self._look()
            while not self._closed:
                changed = one.changed
                for id, block in one.blocks[seen:]:
                    seen += 1
                    if id > last:
                        yield block
                if seen < len(one.blocks):
                    continue
                if one.ended:
                    return
                if loop.time() - self._answered > AWAY_AT_MOST:
                    raise Failed("Redis is away")
                if one.place <= 1 and loop.time() - began > ACK_WITHIN:
                    raise Failed("no worker took the task in time; it stays queued: ask for it later")
                try:
                    async with asyncio.timeout(WAIT):
                        await changed.wait()
                except TimeoutError:
                    yield b": waiting\n\n"
            yield b"retry: 1000\n: the gateway stops; the rest comes after this id\n\n"
        finally:
            one.followers -= 1
            if not one.followers:
                self._followed.pop(key, None)

    async def _look(self) -> None:
        """Has the reader look at what it does not yet look at."""
        if self._reader is None or self._reader.done():
            self._answered = asyncio.get_running_loop().time()
            self._reader = asyncio.create_task(self._read())
        try:
            async with self._redis.pipeline() as both:
                both.xadd(self._wake, {"": ""}, maxlen=1)
                both.expire(self._wake, 60)
                await both.execute()
        except (RedisError, OSError) as error:
            log.warning("what is followed is seen later: %s", error)

    async def _read(self) -> None:
        """Reads for all followers at once, as long as there are any."""
        woken = b"0"
        while self._followed and not self._closed:
            keys = {key: f"{one.place}-0" for key, one in self._followed.items() if not one.ended}
            try:
                found = await self._reading.xread({self._wake: woken, **keys}, block=int(WAIT * 1000))
                self._answered = asyncio.get_running_loop().time()
            except (RedisError, OSError) as error:
                log.warning("sessions that are followed wait for Redis: %s: %s", type(error).__name__, error)
                await asyncio.sleep(WAIT / 2)
                continue
            for name, records in found:
                if (key := name.decode()) == self._wake:
                    woken = records[-1][0]
                for number, fields in records if key in self._followed else ():
                    self._followed[key].add(int(number.split(b"-")[0]), _event(fields))


def parsed(id: str) -> Id:
    """A client's `Last-Event-ID`; the beginning, when it is none of ours."""
    found = _ID.fullmatch(id)
    return (int(found[1]), int(found[2]) if found[2] else WHOLE) if found else (0, WHOLE)


def told(event: Event, place: int) -> list[tuple[Id, bytes]]:
    """A record as a client sees it: an answer comes in pieces first."""
    if event.name == "task":
        return []
    found, came = [], 0
    for delta in _cut(str(event.data.get("answer"))) if event.name == ANSWER else []:
        came += len(delta)
        found.append(((place, came), events.event({"delta": delta}, "FinalAnswerStream", f"{place}.{came}")))
    return [*found, ((place, WHOLE), events.event(event.data, event.name, place))]


def _cut(text: str) -> list[str]:
    """The text in small pieces."""
    return [text[at : at + PIECE] for at in range(0, len(text), PIECE)]


def _key(session: str) -> str:
    return f"sse_session:{session}"


def _event(fields: dict[bytes, bytes]) -> Event:
    try:
        return Event(fields[b"event"].decode("ascii"), {**json.loads(fields[b"data"])})
    except (ValueError, LookupError, TypeError, RecursionError):
        # Not from here; it must not end the one reader.
        return Event("TaskFailed", ApiError(500, "what is recorded is no event", "garbled").body())
