"""Answers kept in Redis: the same question is answered once. Without Redis everything is asked anew."""

import asyncio
import hashlib
import json
import logging
from collections.abc import AsyncIterator, Awaitable
from fnmatch import fnmatchcase
from typing import Any, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from magic_proxy.config import Config
from magic_proxy.outcome import Outcome

# Larger answers are not kept.
LARGEST = 1 << 20
ANSWER_WITHIN = 0.3
# How long a Redis that did not answer is not asked.
REST = 2.0
NEVER_MATTERS = {"user", "metadata", "safety_identifier", "service_tier", "store", "prompt_cache_key"}

log = logging.getLogger("magic_proxy.cache")


class Cache:
    """The cache of one Redis."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._rests_until = 0.0
        self._writes: set[asyncio.Task[object]] = set()

    async def get(self, key: str) -> bytes | None:
        return cast("bytes | None", await self._asked(self._redis.get, key))

    def put(self, key: str, ttl: int, body: bytes, outcome: Outcome) -> None:
        """In the background: no client waits for it. Nothing that was cut off or filtered."""
        if len(body) <= LARGEST and outcome.is_whole:
            task = asyncio.create_task(self._asked(self._redis.set, key, body, ttl))
            self._writes.add(task)
            task.add_done_callback(self._writes.discard)

    async def _asked(self, ask: Any, *words: object) -> object:
        loop = asyncio.get_running_loop()
        if loop.time() < self._rests_until:
            return None
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                return await cast("Awaitable[object]", ask(*words))
        except (RedisError, OSError) as error:
            self._rests_until = loop.time() + REST
            log.warning("answers are not cached for now: %s: %s", type(error).__name__, error)
            return None

    async def keeping(self, key: str, ttl: int, blocks: AsyncIterator[bytes], outcome: Outcome) -> AsyncIterator[bytes]:
        """The same; kept once the last has come, so never of a stream that failed or did not say how it ended."""
        kept = bytearray()
        async for block in blocks:
            if len(kept) <= LARGEST:
                kept += block
            yield block
        if outcome.finish_reasons:
            self.put(key, ttl, bytes(kept), outcome)


def place(config: Config, path: str, body: dict[str, Any]) -> tuple[str, int] | None:
    """Where an answer is kept and for how many seconds; `None` when it is not."""
    settings, model = config.cache_settings, body["model"]
    matching = [rule for rule in settings.rules if any(fnmatchcase(model, pattern) for pattern in rule.models)]
    if not settings.enabled or not matching:
        return None
    include = matching[0].include
    told_apart = body.keys() - NEVER_MATTERS if include is None else body.keys() & set(include)
    # Whatever the rule says: another model, another chain, or another form is another answer.
    asked = {name: body[name] for name in told_apart | {"model"}}
    chain = [profile.model_dump(mode="json") for profile in config.chain(model)]
    text = json.dumps([path, bool(body.get("stream")), chain, asked], sort_keys=True)
    return f"cache:{hashlib.sha256(text.encode()).hexdigest()}", matching[0].ttl_seconds or settings.ttl_seconds
