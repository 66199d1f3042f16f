"""The worker: takes tasks from Kafka and runs each as a loop of thinking, acting and observing.

A task is committed once it has ended, so a worker that dies leaves it to the next one. What is to be done next follows
from what is recorded (sessions.py) and from nothing else: that is how another worker goes on in the middle.
"""

import asyncio
import functools
import json
import logging
import socket
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError
from redis.exceptions import RedisError

from magic_proxy import tracing
from magic_proxy.errors import ApiError
from magic_proxy.gateway import Gateway
from magic_proxy.sessions import ENDS, Event

TOPIC, GROUP, PARTITIONS = "magic-proxy.tasks", "magic-proxy.workers", 4
AT_ONCE = 32
TRY_AGAIN_AFTER = 0.5

# What the tools are: asked for when it is first needed, and once a session.
Tools = Callable[[], Awaitable[list[dict[str, Any]]]]

log = logging.getLogger("magic_proxy.worker")


class Worker:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._open: dict[TopicPartition, set[int]] = {}
        self._next: dict[TopicPartition, int] = {}

    async def run(self) -> None:
        """Works until cancelled; without Kafka it waits for Kafka."""
        told = False
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
                told = False
                async with asyncio.TaskGroup() as tasks:
                    await self._consume(consumer, tasks)
            except* (KafkaError, OSError) as errors:
                if not told:
                    log.error("no tasks for now: %s", errors.exceptions[0])
                told = True
            finally:
                await consumer.stop()
            await asyncio.sleep(TRY_AGAIN_AFTER)

    async def _make_topic(self) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self._gateway.stores.kafka)
        try:
            await admin.start()
            # When it is there already, nothing changes.
            await admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1)])
        finally:
            await admin.close()

    async def _consume(self, consumer: AIOKafkaConsumer, tasks: asyncio.TaskGroup) -> None:
        free = asyncio.Semaphore(AT_ONCE)
        while True:
            await free.acquire()
            message = await consumer.getone()
            partition = TopicPartition(message.topic, message.partition)
            self._open.setdefault(partition, set()).add(message.offset)
            self._next[partition] = message.offset + 1
            task = tasks.create_task(self._do(consumer, partition, message))
            task.add_done_callback(lambda _: free.release())

    async def _do(self, consumer: AIOKafkaConsumer, partition: TopicPartition, message: ConsumerRecord) -> None:
        parent = dict(message.headers).get("traceparent", b"").decode("ascii", "replace")
        with tracing.span("task", parent):
            try:
                task = json.loads(message.value)
                session = str(task["id"])
            except (ValueError, TypeError, KeyError):
                log.exception("a message at %s:%s is no task and is left out", message.partition, message.offset)
            else:
                await self._until_its_end(session, task)
            offsets = self._open[partition]
            offsets.discard(message.offset)
            # What is still being worked on, and all after it, comes again when this process dies.
            try:
                await consumer.commit({partition: min(offsets, default=self._next[partition])})
            except KafkaError as error:
                log.warning("not committed, so it may come again, to no effect: %s", error)

    async def _until_its_end(self, session: str, task: dict[str, Any]) -> None:
        told = False
        while True:
            try:
                return await self.work(session, task)
            except (RedisError, OSError) as error:
                if not told:
                    log.warning("session %s waits for Redis: %s: %s", session, type(error).__name__, error)
                told = True
                await asyncio.sleep(TRY_AGAIN_AFTER)

    async def work(self, session: str, task: dict[str, Any]) -> None:
        """Records one event after the other until the last."""
        sessions, tools = self._gateway.sessions, functools.cache(lambda: asyncio.ensure_future(self._tools()))
        recorded = await sessions.read(session)
        if len(recorded) > 1:
            log.info("session %s goes on after %s events", session, len(recorded))
        while not recorded or recorded[-1].name not in ENDS:
            try:
                event = await self._next_event(session, task, recorded, tools)
            except ApiError as error:
                event = Event("TaskFailed", error.body())
            except (RedisError, OSError):
                raise
            except Exception:
                log.exception("session %s failed", session)
                event = Event("TaskFailed", ApiError(500, "the task failed; the log says how").body())
            if await sessions.append(session, len(recorded) + 1, event):
                recorded.append(event)
            else:
                recorded = await sessions.read(session)
        log.info("session %s ended with %s", session, recorded[-1].name)

    async def _next_event(self, session: str, task: dict[str, Any], recorded: list[Event], tools: Tools) -> Event:
        if not recorded:
            return Event("task", task)
        last = recorded[-1]
        if last.name == "task":
            return Event("worker_ack", {"session": session, "worker": socket.gethostname()})
        thoughts = [place for place, event in enumerate(recorded) if event.name == "Thought"]
        if last.name == "Action":
            return Event("Observation", {**last.data, "result": await self._act(last.data)})
        if thoughts:
            calls = recorded[thoughts[-1]].data["tool_calls"]
            acted = sum(event.name == "Action" for event in recorded[thoughts[-1] :])
            if acted < len(calls):
                call = calls[acted]
                function = call["function"]
                return Event("Action", {"id": call["id"], "tool": function["name"], "arguments": function["arguments"]})
        if len(thoughts) >= task["max_steps"]:
            raise ApiError(422, f"no answer after {len(thoughts)} steps", "too_many_steps")
        return await self._think(task, recorded, await tools())

    async def _think(self, task: dict[str, Any], recorded: list[Event], tools: list[dict[str, Any]]) -> Event:
        messages: list[dict[str, Any]] = [{"role": "user", "content": task["input"]}]
        for event in recorded:
            if event.name == "Thought":
                messages.append({"role": "assistant", **event.data})
            if event.name == "Observation":
                messages.append({"role": "tool", "tool_call_id": event.data["id"], "content": event.data["result"]})
        body = {"model": task["model"], "messages": messages, "tools": tools}
        answer = await self._gateway.router.send(self._gateway.config, "/chat/completions", body)
        try:
            message = json.loads(answer.body)["choices"][0]["message"]  # type: ignore[arg-type]
            calls, content = message.get("tool_calls") or [], message.get("content") or ""
            for call in calls:
                _ = call["id"], call["function"]["name"], call["function"]["arguments"]
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise ApiError(502, f"{answer.profile} answered with no message", "garbled") from error
        if calls:
            return Event("Thought", {"content": content, "tool_calls": calls})
        return Event("FinalAnswerStreamEnd", {"answer": content, "steps": sum(e.name == "Thought" for e in recorded)})

    async def _tools(self) -> list[dict[str, Any]]:
        tools = (await self._ask("GET", "/"))["tools"]
        return [
            {
                "type": "function",
                "function": {"name": t["name"], "description": t["description"], "parameters": t["input_schema"]},
            }
            for t in tools
        ]

    async def _act(self, action: dict[str, Any]) -> str:
        """What the tool says; its errors are told to the model, which may do better."""
        try:
            return str(
                (await self._ask("POST", f"/tools/{quote(action['tool'], safe='')}", action["arguments"]))["result"]
            )
        except ApiError as error:
            return f"error: {error}"

    async def _ask(self, method: str, path: str, body: str | None = None) -> dict[str, Any]:
        """mcp-server's answer; else `ApiError`."""
        import httpx2

        gateway = self._gateway
        headers = {"traceparent": tracing.traceparent(), "content-type": "application/json"}
        if gateway.client_key:
            headers["authorization"] = f"Bearer {gateway.client_key}"
        url = gateway.config.agent_settings.mcp_server_url.rstrip("/") + path
        try:
            content = body.encode("utf-8", "replace") if body is not None else None
            answer = await gateway.router.client.request(method, url, content=content, headers=headers, timeout=30)
            value: dict[str, Any] = answer.json()
        except (httpx2.HTTPError, ValueError) as error:
            raise ApiError(502, f"mcp-server: {type(error).__name__}: {error}", "tool_failed") from error
        if answer.status_code != 200:
            raise ApiError(502, str(value.get("error", {}).get("message", value)), "tool_failed")
        return value
