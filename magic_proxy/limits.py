"""How much each client may ask for: counted in Redis, so that all gateways of one Redis agree."""

import asyncio
import logging
import uuid
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from magic_proxy.clients import Client
from magic_proxy.errors import ApiError, Away

ANSWER_WITHIN = 2
# Milliseconds until one more may be asked, and then 0 and it counts: never more than the limit in any minute.
RATE = """
local time, most = redis.call('TIME'), tonumber(ARGV[1])
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - 60000)
if redis.call('ZCARD', KEYS[1]) >= most then
  return redis.call('ZRANGE', KEYS[1], -most, -most, 'WITHSCORES')[2] + 60000 - now
end
redis.call('ZADD', KEYS[1], now, ARGV[2])
redis.call('PEXPIRE', KEYS[1], 60000)
return 0
"""

log = logging.getLogger("magic_proxy.limits")


class Limits:
    """The counters of one Redis. Without it who has limits gets 503: a limit that goes away would be none."""

    def __init__(self, redis: Redis) -> None:
        # Its types don't know what a pipeline returns.
        self._redis: Any = redis
        self._rate: Any = redis.register_script(RATE)
        self._charging: set[asyncio.Task[None]] = set()

    async def admit(self, client: Client, again: bool = False) -> None:
        """429 when `client` has used up what it may; `again` for one more step of what was admitted."""
        for key, most, ends in _budgets(client):
            if int(await _answer(self._redis.get(key)) or 0) >= most:
                told = f"the client {client.name} has used its {most} tokens of this {ends[0]}"
                raise ApiError(429, told, "insufficient_quota", retry_after=ends[1])
        if client.requests_per_minute and not again:
            words = [client.requests_per_minute, uuid.uuid4().hex]
            if wait := await _answer(self._rate([f"rate:{client.name}"], words)):
                told = f"the client {client.name} may ask {client.requests_per_minute} times a minute"
                raise ApiError(429, told, "rate_limit_exceeded", retry_after=-(-wait // 1000))

    def charge(self, client: Client, tokens: int) -> asyncio.Future[None]:
        """Counts what was used, also when nobody waits for it; never fails."""
        if not (tokens and _budgets(client)):
            done = asyncio.get_running_loop().create_future()
            done.set_result(None)
            return done
        task = asyncio.create_task(self._charge(client, tokens))
        self._charging.add(task)
        task.add_done_callback(self._charging.discard)
        return asyncio.shield(task)

    async def stop(self) -> None:
        """Waits for what is still being counted."""
        await asyncio.gather(*self._charging)

    async def _charge(self, client: Client, tokens: int) -> None:
        try:
            for key, _, (_, ends) in _budgets(client):
                async with self._redis.pipeline() as both:
                    await _answer(both.incrby(key, tokens).expire(key, int(ends) + 86400).execute())
        except (RedisError, OSError, Away) as error:
            log.error("%s tokens of the client %s are not counted: %s", tokens, client.name, error)


def _budgets(client: Client) -> list[tuple[str, int, tuple[str, float]]]:
    """Counter, limit, and the part of time with the seconds until its end."""
    if not (client.tokens_per_day or client.tokens_per_month):
        return []
    now = datetime.now(UTC)
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    month = day.replace(day=1)
    parts = [
        (f"{day:%Y-%m-%d}", client.tokens_per_day, "day", day + timedelta(1)),
        (f"{day:%Y-%m}", client.tokens_per_month, "month", (month + timedelta(32)).replace(day=1)),
    ]
    return [
        (f"tokens:{client.name}:{name}", most, (kind, (end - now).total_seconds()))
        for name, most, kind, end in parts
        if most
    ]


async def _answer(question: Awaitable[Any]) -> Any:
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            return await question
    except TimeoutError as error:
        raise Away("Redis does not answer: limits can't be counted") from error
