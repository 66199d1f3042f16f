"""The worker beside messages that mean ill and a broker that fails: each is committed, and the next is done."""

import asyncio
import json
import logging
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import UnsupportedCodecError
from conftest import Running, Start, chain_of

from magic_proxy import worker
from magic_proxy.sessions import Event
from magic_proxy.worker import Worker

HOSTILE, GOOD = "f" * 32, "a" * 32
TASK = {"model": "echo", "input": "hello", "max_steps": 8}
NO_TASKS: list[Any] = [
    b"",
    None,
    b"nope",
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"id":' * 100_000,
    b'{"id": "\\ud800"}',
    b'{"id": 5}',
    json.dumps({**TASK, "id": "../" + HOSTILE}).encode(),
    json.dumps({**TASK, "id": HOSTILE + "\n"}).encode(),
]
BROKEN_TASKS: list[Any] = [
    {"id": HOSTILE},
    {**TASK, "id": HOSTILE, "max_steps": 65},
    {**TASK, "id": HOSTILE, "max_steps": 0},
    {**TASK, "id": HOSTILE, "max_steps": 10**400},
    {**TASK, "id": HOSTILE, "max_steps": True},
    {**TASK, "id": HOSTILE, "model": {"a": 1}},
    {**TASK, "id": HOSTILE, "input": ""},
    {**TASK, "id": HOSTILE, "other": 1},
]


def message(offset: int, value: Any, *headers: tuple[str, Any]) -> Any:
    value = json.dumps(value).encode() if isinstance(value, dict) else value
    return SimpleNamespace(partition=0, offset=offset, value=value, headers=list(headers))


class Consumer:
    """A consumer of what the tests put in; what is an exception is raised."""

    def __init__(self, *messages: Any) -> None:
        self.messages, self.committed, self.stopped = [*messages], 0, 0

    def __call__(self, **_: Any) -> "Consumer":
        return self

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        self.stopped += 1

    def subscribe(self, _: Any) -> None:
        pass

    async def getone(self) -> Any:
        if not self.messages:
            await asyncio.Event().wait()
        one = self.messages.pop(0)
        if isinstance(one, Exception):
            raise one
        return one

    async def commit(self, offsets: dict[Any, int]) -> None:
        [self.committed] = offsets.values()


async def consumed(
    gateway: Running, monkeypatch: pytest.MonkeyPatch, *messages: Any, until: int | None = None
) -> Consumer:
    """What a worker left of the messages, once all up to an offset are committed."""

    async def no_topic(_: Worker) -> None:
        pass

    consumer = Consumer(*messages)
    monkeypatch.setattr(worker, "AIOKafkaConsumer", consumer)
    monkeypatch.setattr(worker, "TRY_AGAIN_AFTER", 0)
    monkeypatch.setattr(Worker, "_make_topic", no_topic)
    running = asyncio.create_task(Worker(gateway.gateway).run())
    async with asyncio.timeout(30):
        while consumer.committed != (until or len(messages)):
            assert not running.done()
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return consumer


def errors(caplog: pytest.LogCaptureFixture) -> int:
    return sum(record.levelno >= logging.ERROR for record in caplog.records)


@pytest.fixture
def config(start: Start, redis: str) -> Any:
    async def at(gateway: Running) -> None:
        text = gateway.gateway.text + f"agent_settings:\n  mcp_server_url: {gateway.tools}\n"
        gateway.gateway.path.write_text(text)
        gateway.gateway.reload()
        await gateway.gateway.stores.redis.flushall()

    return at


@pytest.mark.parametrize("value", NO_TASKS)
async def test_what_is_no_task_is_told_and_the_next_is_done(
    start: Start, redis: str, config: Any, monkeypatch: Any, caplog: pytest.LogCaptureFixture, value: Any
) -> None:
    async with start(chain_of(), redis=redis) as gateway:
        await config(gateway)
        await consumed(gateway, monkeypatch, message(0, value), message(1, {**TASK, "id": GOOD}))
        assert (await gateway.gateway.sessions.read(GOOD))[-1].name == "FinalAnswerStreamEnd"
        assert await gateway.gateway.sessions.read(HOSTILE) == []
    assert errors(caplog) == 1


@pytest.mark.parametrize("value", BROKEN_TASKS)
async def test_a_task_that_is_not_valid_fails(
    start: Start, redis: str, config: Any, monkeypatch: Any, caplog: pytest.LogCaptureFixture, value: Any
) -> None:
    async with start(chain_of(), redis=redis) as gateway:
        await config(gateway)
        await consumed(gateway, monkeypatch, message(0, value), message(1, {**TASK, "id": GOOD}))
        [failed] = await gateway.gateway.sessions.read(HOSTILE)
        assert (failed.name, failed.data["error"]["code"]) == ("TaskFailed", "invalid_task")
        assert (await gateway.gateway.sessions.read(GOOD))[-1].name == "FinalAnswerStreamEnd"
    assert errors(caplog) == 1


async def test_a_broken_message_leaves_a_session_that_is_there_alone(
    start: Start, redis: str, config: Any, monkeypatch: Any
) -> None:
    async with start(chain_of(), redis=redis) as gateway:
        await config(gateway)
        good = {**TASK, "id": GOOD}
        await gateway.gateway.sessions.append(GOOD, 1, Event("task", good))
        await consumed(gateway, monkeypatch, message(0, {**good, "input": 5}), message(1, good))
        recorded = await gateway.gateway.sessions.read(GOOD)
        assert [event.name for event in recorded] == ["task", "worker_ack", "FinalAnswerStreamEnd"]


@pytest.mark.parametrize("parent", [None, b"", b"\xff", b"00-" + b"0" * 100_000, b"x"])
async def test_whatever_the_trace_is_the_task_is_done(
    start: Start, redis: str, config: Any, monkeypatch: Any, parent: Any
) -> None:
    async with start(chain_of(), redis=redis) as gateway:
        await config(gateway)
        await consumed(gateway, monkeypatch, message(0, {**TASK, "id": GOOD}, ("traceparent", parent), ("x", None)))
        assert (await gateway.gateway.sessions.read(GOOD))[-1].name == "FinalAnswerStreamEnd"


@pytest.mark.parametrize("failure", [RuntimeError("any"), UnsupportedCodecError("snappy"), KeyError("a"), OSError(9)])
async def test_after_any_failure_the_group_is_joined_once_more(
    start: Start, redis: str, config: Any, monkeypatch: Any, failure: Exception
) -> None:
    async with start(chain_of(), redis=redis) as gateway:
        await config(gateway)
        good = message(0, {**TASK, "id": GOOD})
        consumer = await consumed(gateway, monkeypatch, failure, failure, good, until=1)
        assert consumer.stopped == 3
        assert (await gateway.gateway.sessions.read(GOOD))[-1].name == "FinalAnswerStreamEnd"


async def test_what_redis_holds_under_a_sessions_name_harms_that_session_only(
    start: Start, redis: str, config: Any, monkeypatch: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with start(chain_of(), redis=redis) as gateway:
        await config(gateway)
        store = gateway.gateway.stores.redis
        await store.set(f"sse_session:{HOSTILE}", "no stream")
        await store.xadd(f"sse_session:{'b' * 32}", {"event": "worker_ack"}, id="1-0")
        ids = [HOSTILE, "b" * 32, GOOD]
        await consumed(gateway, monkeypatch, *(message(at, {**TASK, "id": id}) for at, id in enumerate(ids)))
        assert (await gateway.gateway.sessions.read(GOOD))[-1].name == "FinalAnswerStreamEnd"
        assert (await gateway.gateway.sessions.read("b" * 32))[-1].data["error"]["code"] == "garbled"
    assert errors(caplog) > 0


async def test_a_task_that_is_there_twice_is_done_once(start: Start, redis: str, config: Any, monkeypatch: Any) -> None:
    async with start(chain_of(), redis=redis) as gateway:
        await config(gateway)
        asked, sent = [], gateway.gateway.router.send

        async def send(*words: Any) -> Any:
            asked.append(words)
            # Slow, so that a second one would be under way beside it.
            await asyncio.sleep(0.05)
            return await sent(*words)

        monkeypatch.setattr(gateway.gateway.router, "send", send)
        await consumed(gateway, monkeypatch, *(message(at, {**TASK, "id": GOOD}) for at in range(5)))
        assert len(asked) == 1
        assert Event("task", {**TASK, "id": GOOD}) in await gateway.gateway.sessions.read(GOOD)
