"""Kafka and Redis: reached at start, asked for the health page."""

import asyncio
import logging
import os
import uuid

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from redis.asyncio import Redis

TOPIC = "magic-proxy.start"
ANSWER_WITHIN = 0.8
START_WITHIN = 30

log = logging.getLogger("magic_proxy.stores")


class Stores:
    """The app's connections."""

    def __init__(self) -> None:
        self.broker = os.environ.get("KAFKA_BROKER", "localhost:9092")
        self.redis = Redis.from_url(os.environ.get("REDIS_URL", "redis://localhost:6379/0"))
        self.producer = AIOKafkaProducer(bootstrap_servers=self.broker, request_timeout_ms=5_000)

    async def start(self) -> None:
        """Connects to both, and sends one message through Kafka and back."""
        await asyncio.wait_for(asyncio.gather(self._start_redis(), self._start_kafka()), START_WITHIN)

    async def _start_redis(self) -> None:
        await self.redis.ping()
        log.info("Redis answers")

    async def _start_kafka(self) -> None:
        await self.producer.start()
        word = uuid.uuid4().hex.encode()
        sent = await self.producer.send_and_wait(TOPIC, word)
        consumer = AIOKafkaConsumer(bootstrap_servers=self.broker, enable_auto_commit=False)
        await consumer.start()
        try:
            partition = TopicPartition(TOPIC, sent.partition)
            consumer.assign([partition])
            consumer.seek(partition, sent.offset)
            async for message in consumer:
                if message.value == word:
                    break
        finally:
            await consumer.stop()
        log.info("Kafka at %s took a message and gave it back", self.broker)

    async def health(self) -> dict[str, str]:
        """`ok`, or what is wrong, by name; answers within a second."""
        names = {"kafka": self._ask_kafka(), "redis": self.redis.ping()}
        answers = await asyncio.gather(
            *(asyncio.wait_for(question, ANSWER_WITHIN) for question in names.values()), return_exceptions=True
        )
        return {
            name: f"{type(answer).__name__}: {answer}".rstrip(": ") if isinstance(answer, BaseException) else "ok"
            for name, answer in zip(names, answers)
        }

    async def _ask_kafka(self) -> None:
        """A request that the broker itself must answer."""
        await self.producer.client.fetch_all_metadata()

    async def stop(self) -> None:
        """Hands over what is still to be sent and closes both."""
        await asyncio.gather(self.producer.stop(), self.redis.aclose(), return_exceptions=True)
