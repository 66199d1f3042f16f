"""Kafka and Redis: reached at start, asked for the health page."""

import asyncio
import logging
import os
import uuid
from collections.abc import Awaitable

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from redis.asyncio import Redis

TOPIC = "magic-proxy.start"
ANSWER_WITHIN = 0.8
START_WITHIN = 30

log = logging.getLogger("magic_proxy.stores")


class Unreachable(Exception):
    """Which store can't be used, and why."""


class Stores:
    """The app's connections; to be made where an event loop runs."""

    def __init__(self) -> None:
        self.kafka = os.environ.get("KAFKA_BROKER", "localhost:9092")
        self.producer = AIOKafkaProducer(bootstrap_servers=self.kafka, request_timeout_ms=5_000)
        self.redis = Redis.from_url(os.environ.get("REDIS_URL", "redis://localhost:6379/0"))

    async def start(self) -> None:
        """Connects to both and sends one message through Kafka and back; else `Unreachable`."""
        # The address is told without a password that the URL may hold.
        address = self.redis.connection_pool.connection_kwargs
        await asyncio.gather(
            _reach(f"Redis at {address.get('host')}:{address.get('port', 6379)}", self.redis.ping()),
            _reach(f"Kafka at {self.kafka}", self._there_and_back()),
        )
        log.info("Kafka at %s took a message and gave it back; Redis answers", self.kafka)

    async def _there_and_back(self) -> None:
        """One message, produced and consumed: only then does the broker really work."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.kafka, enable_auto_commit=False)
        try:
            await asyncio.gather(self.producer.start(), consumer.start())
            word = uuid.uuid4().hex.encode()
            sent = await self.producer.send_and_wait(TOPIC, word)
            partition = TopicPartition(TOPIC, sent.partition)
            consumer.assign([partition])
            consumer.seek(partition, sent.offset)
            while (await consumer.getone()).value != word:
                pass
        finally:
            await consumer.stop()

    async def health(self) -> dict[str, str]:
        """`ok`, or what is wrong, by name; answers within a second."""
        kafka, redis = await asyncio.gather(
            _answer(self.producer.client.fetch_all_metadata()),
            _answer(self.redis.ping()),
        )
        return {"kafka": kafka, "redis": redis}

    async def stop(self) -> None:
        """Hands over what is still to be sent and closes both."""
        await asyncio.gather(self.producer.stop(), self.redis.aclose(), return_exceptions=True)


async def _reach(name: str, attempt: Awaitable[object]) -> None:
    try:
        await asyncio.wait_for(attempt, START_WITHIN)
    except TimeoutError as error:
        raise Unreachable(f"{name} did not answer within {START_WITHIN} s") from error
    except Exception as error:
        raise Unreachable(f"{name} can't be used: {error}") from error


async def _answer(question: Awaitable[object]) -> str:
    try:
        await asyncio.wait_for(question, ANSWER_WITHIN)
    except TimeoutError:
        return f"no answer within {ANSWER_WITHIN} s"
    # Whatever it is, the health page's answer is the same: not now.
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "ok"
