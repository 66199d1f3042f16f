"""The worker: takes tasks from Kafka. Each is committed once it has ended: one that dies leaves it to the next."""

import asyncio
import logging
from typing import Annotated, Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError
from pydantic import BaseModel, Field, ValidationError
from redis.exceptions import RedisError

from magic_proxy import clients, tracing
from magic_proxy.agent import Agent
from magic_proxy.config import Part
from magic_proxy.errors import ApiError, Away
from magic_proxy.gateway import Gateway
from magic_proxy.sessions import ENDS, Event, failure

TOPIC, GROUP, PARTITIONS = "magic-proxy.tasks", "magic-proxy.workers", 4
AT_ONCE = 512
# The broker unpacks what it is sent and holds it to its limit: else a small message could unpack to gigabytes here.
SETTINGS = {"compression.type": "uncompressed"}
# The trace that a task belongs to, and the name of the client whose limits it counts for.
HEADERS = ("traceparent", "client")
TRY_AGAIN_AFTER = 0.5
FAILED = failure(ApiError(500, "the task failed; the log says how", "internal_error"))

log = logging.getLogger("magic_proxy.worker")


class Task(Part):
    model: Annotated[str, Field(min_length=1, max_length=500)]
    input: Annotated[str, Field(min_length=1)]
    max_steps: Annotated[int, Field(ge=1, le=64)] = 8


class Named(BaseModel):
    """The part of a message, also of an invalid one, that says which session it belongs to."""

    id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class Queued(Task, Named):
    """A task on Kafka."""


class Worker:
    """One member of the group of workers."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway, self.sessions = gateway, gateway.sessions

    async def run(self) -> None:
        """Works until cancelled; without Kafka it waits for Kafka."""
        level = logging.ERROR
        while True:
            consumer = AIOKafkaConsumer(
                bootstrap_servers=self._gateway.stores.kafka,
                group_id=GROUP,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                # The least that a broker allows: so long a dead worker's tasks wait.
                session_timeout_ms=6_000,
                heartbeat_interval_ms=2_000,
            )
            try:
                await self._make_topic()
                await consumer.start()
                consumer.subscribe([TOPIC])
                level = logging.ERROR
                async with asyncio.TaskGroup() as tasks:
                    await self._consume(consumer, tasks)
            except* Exception as errors:
                log.log(level, "no tasks for now: %s", errors.exceptions[0])
                level = logging.DEBUG
            finally:
                await asyncio.gather(consumer.stop(), return_exceptions=True)
            await asyncio.sleep(TRY_AGAIN_AFTER)

    async def _make_topic(self) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self._gateway.stores.kafka)
        try:
            await admin.start()
            # When it is there already, nothing changes.
            await admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1)])
            await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, TOPIC, SETTINGS)])
        finally:
            await admin.close()

    async def _consume(self, consumer: AIOKafkaConsumer, tasks: asyncio.TaskGroup) -> None:
        free = asyncio.Semaphore(AT_ONCE)
        ended: dict[int, dict[int, bool]] = {}
        while True:
            await free.acquire()
            message = await consumer.getone()
            offsets = ended.setdefault(message.partition, {})
            offsets[message.offset] = False
            task = tasks.create_task(self._do(consumer, offsets, message))
            task.add_done_callback(lambda _: free.release())

    async def _do(self, consumer: AIOKafkaConsumer, ended: dict[int, bool], message: ConsumerRecord) -> None:
        parent, client = ((dict(message.headers).get(name) or b"").decode("ascii", "replace") for name in HEADERS)
        clients.current.set(self._gateway.client_named(client))
        with tracing.span("task", parent):
            try:
                await self._take(message.value or b"")
            except Exception:
                log.exception("a message at %s:%s is left out", message.partition, message.offset)
            ended[message.offset] = True
            # The first that has not ended, and all after it, come again when this process dies.
            while ended and ended[first := min(ended)]:
                del ended[first]
                try:
                    await consumer.commit({TopicPartition(TOPIC, message.partition): first + 1})
                except KafkaError as error:
                    log.warning("not committed, so it may come again, to no effect: %s", error)

    async def _take(self, value: bytes) -> None:
        """Works on the task, or fails the session that it is of."""
        session = ""
        try:
            session = Named.model_validate_json(value).id
            task = Queued.model_validate_json(value)
        except ValidationError as error:
            why = error.errors(include_url=False, include_input=False)[0]
            log.error("a message is no task: %s: %s", ".".join(map(str, why["loc"])) or "it", why["msg"])
            if session and not await self.sessions.read(session):
                told = f"the task is not valid: {why['msg']}"
                await self.sessions.append(session, 1, failure(ApiError(400, told, "invalid_task")))
            return
        # Twice in one process it would be asked for twice.
        if task.id in self.sessions.working:
            return
        try:
            async with asyncio.timeout(None) as ends:
                self.sessions.working[task.id] = ends
                try:
                    await self.work(task.id, task.model_dump())
                finally:
                    del self.sessions.working[task.id]
        except TimeoutError:
            log.info("session %s was ended by its client", task.id)
        except Exception:
            await self.sessions.end(task.id, FAILED)
            raise

    async def work(self, session: str, task: dict[str, Any]) -> None:
        """Records one event after the other until the last; waits for Redis when it is away."""
        sessions, agent = self.sessions, Agent(self._gateway, task)
        recorded, level = list[Event](), logging.WARNING
        while not recorded or recorded[-1].name not in ENDS:
            try:
                event = await _next(agent, recorded) if recorded else None
                if event and await sessions.append(session, len(recorded) + 1, event):
                    recorded.append(event)
                    continue
                # From the start, or somebody else was first.
                recorded = await sessions.read(session) or [Event("task", task)]
                await sessions.append(session, 1, recorded[0])
                log.info("session %s goes on after %s events", session, len(recorded))
            except (RedisError, Away) as error:
                if "WRONGTYPE" in str(error):
                    raise
                log.log(level, "session %s waits for Redis: %s: %s", session, type(error).__name__, error)
                level, recorded = logging.DEBUG, []
                await asyncio.sleep(TRY_AGAIN_AFTER)
        last = recorded[-1]
        failed = last.name == "TaskFailed"
        log.log(logging.ERROR if failed else logging.INFO, "session %s: %s", session, last.data if failed else "done")


async def _next(agent: Agent, recorded: list[Event]) -> Event:
    try:
        return await agent.next(recorded)
    except ApiError as error:
        return failure(error)
