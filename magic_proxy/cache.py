"""Answers kept in Redis: the same question is answered once. Without Redis everything is asked anew."""

import asyncio
import hashlib
import json
import logging
from collections.abc import AsyncIterator
from fnmatch import fnmatchcase
from typing import Any, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from magic_proxy.config import CacheRule, Config

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
        self._writes: set[asyncio.Task[None]] = set()

    async def get(self, key: str) -> bytes | None:
        loop = asyncio.get_running_loop()
        if loop.time() < self._rests_until:
            return None
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                return cast("bytes | None", await self._redis.get(key))
        except (RedisError, OSError, TimeoutError) as error:
            self._rests_until = loop.time() + REST
            log.warning("answers are not cached for now: %s: %s", type(error).__name__, error)
            return None

    def put(self, key: str, ttl: int, body: bytes) -> None:
        """In the background: no client waits for it."""
        if len(body) <= LARGEST and asyncio.get_running_loop().time() >= self._rests_until:
            task = asyncio.create_task(self._put(key, body, ttl))
            self._writes.add(task)
            task.add_done_callback(self._writes.discard)

    async def _put(self, key: str, body: bytes, ttl: int) -> None:
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                await self._redis.set(key, body, ex=ttl)
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("an answer was not cached: %s: %s", type(error).__name__, error)

    async def keeping(self, key: str, ttl: int, blocks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The same blocks; kept once the last has come, so never those of a stream that failed."""
        kept, size = [], 0
        async for block in blocks:
            size += len(block)
            if size <= LARGEST:
                kept.append(block)
            yield block
        if size <= LARGEST:
            self.put(key, ttl, b"".join(kept))


def place(config: Config, path: str, body: dict[str, Any]) -> tuple[str, int] | None:
    """Where an answer is kept and for how many seconds; `None` when it is not."""
    settings = config.cache_settings
    rule = next((rule for rule in settings.rules if _matches(rule, body["model"])), None)
    if not settings.enabled or rule is None:
        return None
    told_apart = body.keys() - NEVER_MATTERS if rule.include is None else body.keys() & set(rule.include)
    # Whatever the rule says: another model, another chain, or another form is another answer.
    asked = {name: body[name] for name in told_apart | {"model"}}
    chain = [profile.model_dump(mode="json") for profile in config.chain(body["model"])]
    text = json.dumps([path, bool(body.get("stream")), chain, asked], sort_keys=True)
    return f"cache:{hashlib.sha256(text.encode()).hexdigest()}", rule.ttl_seconds or settings.ttl_seconds


def _matches(rule: CacheRule, model: str) -> bool:
    return any(fnmatchcase(model, pattern) for pattern in rule.models)
