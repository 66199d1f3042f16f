"""What happened in an agent's session, as a Redis stream `sse_session:ID`.

An event's id is its place in the session. Redis takes each place once, so whoever comes second, after a crash or beside
another worker, is refused, reads what there is, and goes on from there: nothing is twice.
"""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from redis.asyncio import Redis
from redis.exceptions import RedisError

from magic_proxy import events
from magic_proxy.errors import ApiError
from magic_proxy.failures import Failed

KEPT_FOR = 24 * 3600
ACK_WITHIN = 30
AWAY_AT_MOST = 30
# Seconds after which who follows hears that the stream is alive, and milliseconds after which a new one is seen.
WAIT, LOOK_EVERY = 1.0, 100
PIECE = 12
ANSWER = "FinalAnswerStreamEnd"
ENDS = (ANSWER, "TaskFailed")

# A place, and within the answer how many of its characters came.
_ID = re.compile(r"(\d{1,9})(?:\.(\d{1,9}))?", re.ASCII)
Id = tuple[float, float]
WHOLE = float("inf")
Block = tuple[Id, bytes]
FAREWELL: Block = ((WHOLE, WHOLE), b"retry: 1000\n: the gateway stops; the rest comes after this id\n\n")

# 1 when the place was the next one.
APPEND = """
if redis.call('XLEN', KEYS[1]) + 1 ~= tonumber(ARGV[1]) then return 0 end
redis.call('XADD', KEYS[1], ARGV[1] .. '-0', 'event', ARGV[2], 'data', ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1
"""

log = logging.getLogger("magic_proxy.sessions")


class Event(NamedTuple):
    name: str
    data: dict[str, Any]


def failure(error: ApiError) -> Event:
    """The last event of a session that failed."""
    return Event("TaskFailed", error.body())


@dataclass
class Followed:
    """A session that somebody follows: what clients see of it is made once for all of them."""

    blocks: list[Block] = field(default_factory=list)
    place: int = 0
    followers: int = 0
    ended: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, blocks: list[Block], ended: bool) -> None:
        self.blocks += blocks
        self.ended = ended
        self.changed.set()
        self.changed = asyncio.Event()


class Sessions:
    """The sessions of one Redis: `reading` is the connection that waits for what happens in all that are followed."""

    def __init__(self, redis: Redis, reading: Redis) -> None:
        # Its types know of no stream.
        self._redis: Any = redis
        self._append: Any = redis.register_script(APPEND)
        self._reading: Any = reading
        self._followed: dict[str, Followed] = {}
        """Those that have not ended."""
        self._reader: asyncio.Task[None] | None = None
        self._answered = 0.0
        self._closed = False
        self.working: dict[str, asyncio.Timeout] = {}
        """Those that this process's worker works on, and what ends that."""

    async def append(self, session: str, place: int, event: Event) -> bool:
        """Records what happened at a place; `False` when something else already did."""
        words = [place, event.name, json.dumps(event.data), KEPT_FOR]
        return bool(await self._append([_key(session)], words))

    async def read(self, session: str) -> list[Event]:
        """All that happened so far."""
        return [_event(fields) for _, fields in await self._redis.xrange(_key(session))]

    async def newest(self, session: str) -> tuple[int, Event] | None:
        """What happened last, and its place; `None` when there is no such session."""
        found = await self._redis.xrevrange(_key(session), count=1)
        return next(((_place(number), _event(fields)) for number, fields in found), None)

    async def end(self, session: str, event: Event) -> list[Event]:
        """All that happened, the last of which ends it: `event`, unless it had ended."""
        while (recorded := await self.read(session)) and recorded[-1].name not in ENDS:
            if await self.append(session, len(recorded) + 1, event) and session in self.working:
                self.working[session].reschedule(0)
        return recorded

    def close(self) -> None:
        """Ends what is followed: it can be followed on from its last id in the next process."""
        self._closed = True
        if self._reader:
            self._reader.cancel()
        for one in self._followed.values():
            one.tell([FAREWELL], ended=True)

    async def follow(self, session: str, last: Id = (1, WHOLE)) -> AsyncIterator[bytes]:
        """What happened after an id and what happens, as server-sent events, until the session's end."""
        now, key, seen = asyncio.get_running_loop().time, _key(session), 0
        one, began = self._followed.setdefault(key, Followed()), now()
        one.followers += 1
        if self._closed:
            one.tell([FAREWELL], ended=True)
        elif self._reader is None or self._reader.done():
            self._answered = began
            self._reader = asyncio.create_task(self._read())
        try:
            while True:
                changed = one.changed
                while seen < len(one.blocks):
                    id, block = one.blocks[seen]
                    seen += 1
                    if id > last:
                        yield block
                if one.ended:
                    return
                try:
                    async with asyncio.timeout(WAIT):
                        await changed.wait()
                except TimeoutError:
                    if now() - self._answered > AWAY_AT_MOST:
                        raise Failed("Redis is away") from None
                    if one.place <= 1 and now() - began > ACK_WITHIN:
                        raise Failed("no worker took the task in time; it stays queued: ask for it later") from None
                    yield b": waiting\n\n"
        finally:
            one.followers -= 1
            if not one.followers and self._followed.get(key) is one:
                del self._followed[key]

    async def _read(self) -> None:
        """Reads for all followers at once, as long as there are any."""
        while self._followed:
            places = {key: f"{one.place}-0" for key, one in self._followed.items()}
            try:
                found = await self._reading.xread(places, block=LOOK_EVERY)
                self._answered = asyncio.get_running_loop().time()
            except (RedisError, OSError) as error:
                log.warning("sessions that are followed wait for Redis: %s: %s", type(error).__name__, error)
                await asyncio.sleep(WAIT / 2)
                continue
            for name, records in found:
                for number, fields in records:
                    if one := self._followed.get(key := name.decode()):
                        event, one.place = _event(fields), _place(number)
                        one.tell(told(event, one.place), event.name in ENDS)
                        if one.ended:
                            del self._followed[key]


def parsed(id: str) -> Id:
    """A client's `Last-Event-ID`; the beginning, when it is none of ours."""
    found = _ID.fullmatch(id)
    return (int(found[1]), int(found[2]) if found[2] else WHOLE) if found else (0, WHOLE)


def told(event: Event, place: int) -> list[Block]:
    """A record as a client sees it: an answer comes in pieces first."""
    if event.name == "task":
        return []
    blocks, answer = list[Block](), str(event.data.get("answer")) if event.name == ANSWER else ""
    for at in range(0, len(answer), PIECE):
        delta, came = answer[at : at + PIECE], min(at + PIECE, len(answer))
        blocks.append(((place, came), events.event({"delta": delta}, "FinalAnswerStream", f"{place}.{came}")))
    return [*blocks, ((place, WHOLE), events.event(event.data, event.name, place))]


def _key(session: str) -> str:
    return f"sse_session:{session}"


def _place(number: bytes) -> int:
    return int(number.split(b"-")[0])


def _event(fields: dict[bytes, bytes]) -> Event:
    try:
        return Event(fields[b"event"].decode("ascii"), {**json.loads(fields[b"data"])})
    except (ValueError, LookupError, TypeError, RecursionError):
        # Not from here; it must not end the one reader.
        return failure(ApiError(500, "what is recorded is no event", "garbled"))
