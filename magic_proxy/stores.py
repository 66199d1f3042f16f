"""Kafka and Redis: reached as soon as they are there, asked for the health page, found again when they were away."""

import asyncio
import logging
from collections.abc import Awaitable

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from magic_proxy.errors import Away

ANSWER_WITHIN = 0.8
TRY_AGAIN_AFTER = 0.5

log = logging.getLogger("magic_proxy.stores")


class Stores:
    """The app's connections; to be made where an event loop runs."""

    def __init__(self, kafka: str, redis: str) -> None:
        self.kafka = kafka
        self.redis: Redis = Redis.from_url(
            redis,
            socket_connect_timeout=1,
            socket_timeout=5,
            # Once, for a connection that a restarted Redis has closed.
            retry=Retry(NoBackoff(), 1),
        )
        self._producer: AIOKafkaProducer | None = None

    async def keep(self) -> None:
        """Returns once both answer, however long that takes; they come back by themselves from then on."""
        # The address is told without a password that the URL may hold.
        address = self.redis.connection_pool.connection_kwargs
        where = f"{address.get('host')}:{address.get('port', 6379)}"
        await asyncio.gather(self._connect(), self._answers(where))
        log.info("Kafka at %s and Redis at %s answer", self.kafka, where)

    async def _connect(self) -> None:
        told = False
        while self._producer is None:
            producer = AIOKafkaProducer(bootstrap_servers=self.kafka, request_timeout_ms=5_000, acks="all")
            try:
                await producer.start()
                self._producer = producer
            except (KafkaError, OSError) as error:
                await producer.stop()
                if not told:
                    log.error("Kafka at %s can't be used yet: %s", self.kafka, error)
                told = True
                await asyncio.sleep(TRY_AGAIN_AFTER)

    async def _answers(self, where: str) -> None:
        told = False
        while (answer := await _answer(self.redis.ping())) != "ok":
            if not told:
                log.error("Redis at %s can't be used yet: %s", where, answer)
            told = True
            await asyncio.sleep(TRY_AGAIN_AFTER)

    async def publish(self, topic: str, key: str, value: bytes, headers: dict[str, str]) -> None:
        """Puts a message on Kafka; `Away` when Kafka does not confirm it."""
        if self._producer is None:
            raise Away("Kafka can't be reached")
        pairs = [(name, text.encode()) for name, text in headers.items()]
        try:
            await asyncio.wait_for(self._producer.send_and_wait(topic, value, key.encode(), headers=pairs), 6)
        except (KafkaError, TimeoutError) as error:
            raise Away(f"Kafka did not take the message: {type(error).__name__}") from error

    async def health(self) -> dict[str, str]:
        """`ok`, or what is wrong, by name; answers within a second."""
        kafka = "not connected yet"
        if self._producer is not None:
            kafka, redis = await asyncio.gather(
                _answer(self._producer.client.fetch_all_metadata()), _answer(self.redis.ping())
            )
        else:
            redis = await _answer(self.redis.ping())
        return {"kafka": kafka, "redis": redis}

    async def stop(self) -> None:
        """Hands over what is still to be sent and closes both."""
        if self._producer is not None:
            await asyncio.gather(self._producer.stop(), return_exceptions=True)
        await asyncio.gather(self.redis.aclose(), return_exceptions=True)


async def _answer(question: Awaitable[object]) -> str:
    try:
        await asyncio.wait_for(question, ANSWER_WITHIN)
    except TimeoutError:
        return f"no answer within {ANSWER_WITHIN} s"
    except (KafkaError, RedisError, OSError) as error:
        return f"{type(error).__name__}: {error}"
    return "ok"
