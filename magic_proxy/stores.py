"""Kafka and Redis: reached as soon as they are there, asked for the health page, found again when they were away."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from magic_proxy.errors import Away

ANSWER_WITHIN, CONNECT_WITHIN, TAKE_WITHIN = 0.8, 10, 6
TRY_AGAIN_AFTER = 0.2

log = logging.getLogger("magic_proxy.stores")


class Stores:
    """The app's connections; to be made where an event loop runs."""

    def __init__(self, kafka: str, redis: str) -> None:
        self.kafka = kafka
        # Tried once more, for a connection that a restarted Redis has closed.
        how: Any = {"socket_connect_timeout": 1, "socket_timeout": 5, "retry": Retry(NoBackoff(), 1)}
        # More at once wait for each other; who waits for what happens in sessions takes none of these.
        pool = BlockingConnectionPool.from_url(redis, max_connections=64, timeout=20, **how)
        self.redis: Redis = Redis.from_pool(pool)
        self.reading: Redis = Redis.from_url(redis, **how)
        self._producer = AIOKafkaProducer(bootstrap_servers=kafka, request_timeout_ms=5_000, acks="all")
        self._connected = False
        self._recent: tuple[float, asyncio.Future[dict[str, str]]] | None = None

    async def keep(self) -> None:
        """Returns once both answer, however long that takes; they come back by themselves from then on."""
        # The address is told without a password that the URL may hold.
        at = self.redis.connection_pool.connection_kwargs
        kafka, redis = f"Kafka at {self.kafka}", f"Redis at {at.get('host')}:{at.get('port', 6379)}"
        await asyncio.gather(_until(kafka, self._connect, CONNECT_WITHIN), _until(redis, self.redis.ping))
        log.info("%s and %s answer", kafka, redis)

    async def _connect(self) -> None:
        await self._producer.start()
        self._connected = True

    async def publish(self, topic: str, key: str, value: bytes, headers: list[tuple[str, bytes]]) -> None:
        """Puts a message on Kafka; `Away` when Kafka does not confirm it."""
        if not self._connected:
            raise Away("Kafka can't be reached")
        try:
            async with asyncio.timeout(TAKE_WITHIN):
                await self._producer.send_and_wait(topic, value, key.encode(), headers=headers)
        except (KafkaError, TimeoutError) as error:
            raise Away(f"Kafka did not take the message: {type(error).__name__}") from error

    async def health(self) -> dict[str, str]:
        """Empty, or what is wrong, by name; answers within a second."""
        kafka, redis = await asyncio.gather(_answer(self._metadata()), _answer(self.redis.ping()))
        return {"kafka": kafka, "redis": redis}

    async def recent_health(self) -> dict[str, str]:
        """The same, up to a second old: however many ask, the stores are asked once."""
        now = asyncio.get_running_loop().time()
        if self._recent is None or now - self._recent[0] >= 1:
            self._recent = now, asyncio.ensure_future(self.health())
        # Who leaves does not end it for the others.
        return await asyncio.shield(self._recent[1])

    async def _metadata(self) -> None:
        if not self._connected:
            raise KafkaError("not connected yet")
        await self._producer.client.fetch_all_metadata()

    async def stop(self) -> None:
        """Hands over what is still to be sent and closes both."""
        await asyncio.gather(self._producer.stop(), self.redis.aclose(), self.reading.aclose(), return_exceptions=True)


async def _until(name: str, ask: Callable[[], Awaitable[object]], seconds: float = ANSWER_WITHIN) -> None:
    """Returns once it answers; what is wrong until then is logged once."""
    level = logging.ERROR
    while why := await _answer(ask(), seconds):
        log.log(level, "%s can't be used yet: %s", name, why)
        level = logging.DEBUG
        await asyncio.sleep(TRY_AGAIN_AFTER)


async def _answer(question: Awaitable[object], seconds: float = ANSWER_WITHIN) -> str:
    """Empty, or what is wrong."""
    try:
        async with asyncio.timeout(seconds):
            await question
    except TimeoutError:
        return f"no answer within {seconds} s"
    except (KafkaError, RedisError, OSError) as error:
        return f"{type(error).__name__}: {error}"
    return ""
