"""Many who follow many sessions: one reader for all, from any id, to the end and no further; refused, named, ended."""

import asyncio
import json
import re
from typing import Any

import httpx2
import pytest
from conftest import Running, Start, chain_of, eventually
from provider import Provider

from magic_proxy.errors import Away
from magic_proxy.sessions import Event
from magic_proxy.worker import Worker

BODY = {"model": "echo", "input": "a question that is longer than one piece of it, é and all", "stream": False}
AT = "/v1/react/sessions"
KEY = "sk-follow-0001"


async def ready(gateway: Running, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What was put on Kafka."""
    await gateway.gateway.stores.redis.flushall()
    text = gateway.gateway.text + f"agent_settings:\n  mcp_server_url: {gateway.tools}\n"
    gateway.gateway.path.write_text(text)
    gateway.gateway.reload()
    gateway.client = httpx2.AsyncClient(
        base_url=gateway.url, timeout=60, trust_env=False, limits=httpx2.Limits(max_connections=None)
    )
    return await ready_again(gateway, monkeypatch)


async def done(gateway: Running, task: dict[str, Any]) -> str:
    await Worker(gateway.gateway).work(task["id"], task)
    return str(task["id"])


async def begun(gateway: Running, **headers: str) -> httpx2.Response:
    return await gateway.client.post(AT, json=BODY, headers={name.replace("_", "-"): headers[name] for name in headers})


async def followed(gateway: Running, session: str, last: str = "") -> httpx2.Response:
    return await gateway.client.get(f"{AT}/{session}", headers={"last-event-id": last} if last else {})


@pytest.mark.parametrize(("count", "viewers"), [(130, 1), (20, 10), (1, 200)])
async def test_whoever_follows_takes_no_connection_from_the_work(
    start: Start, redis: str, monkeypatch: pytest.MonkeyPatch, count: int, viewers: int
) -> None:
    config = chain_of(router_settings={"max_parallel_requests": 2})
    async with start(config, redis=redis) as gateway:
        published = await ready(gateway, monkeypatch)
        store = gateway.gateway.stores.redis
        ids = [(await begun(gateway)).json()["id"] for _ in range(count)]
        following = [asyncio.create_task(followed(gateway, id)) for id in ids for _ in range(viewers)]
        await eventually(
            lambda: sum(one.followers for one in gateway.gateway.sessions._followed.values()) == len(following), 30
        )
        clients = await store.client_list()
        assert sum(client["cmd"].startswith("xread") for client in clients) == 1
        assert len(clients) <= 64 + 2
        # Neither their number, above what is allowed at once, nor their waiting keeps others out.
        assert (await gateway.chat(model="echo")).status_code == 200
        await asyncio.gather(*(done(gateway, task) for task in published))
        texts = {one.text.replace(": waiting\n\n", "") for one in await asyncio.gather(*following)}
        assert all(text.count("event: FinalAnswerStreamEnd\n") == 1 for text in texts)
        assert len(texts) == count
        assert not gateway.gateway.sessions._followed


@pytest.mark.parametrize(
    ("last", "rest"),
    [("3", None), ("4", None), ("999", None), ("3.99", None), ("9" * 20, "all"), ("9" * 5000, "all"), ("-1", "all")],
)
async def test_a_session_that_ended_is_not_followed_past_its_end(
    start: Start, redis: str, monkeypatch: pytest.MonkeyPatch, last: str, rest: str | None
) -> None:
    async with start(chain_of(), redis=redis) as gateway:
        published = await ready(gateway, monkeypatch)
        await begun(gateway)
        session = await done(gateway, published[0])
        answer = await followed(gateway, session, last)
        if last == "3.99":
            assert "FinalAnswerStream\n" not in answer.text
            assert "id: 3\n" in answer.text
        elif rest is None:
            # What tells an EventSource to stop.
            assert (answer.status_code, answer.content) == (204, b"")
        else:
            assert answer.text == (await followed(gateway, session)).text


async def test_resumed_at_any_id_nothing_is_lost_and_nothing_is_twice(
    start: Start, redis: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start(chain_of(), redis=redis) as gateway:
        published = await ready(gateway, monkeypatch)
        await begun(gateway)
        session = await done(gateway, published[0])
        whole = (await followed(gateway, session)).text
        blocks = whole.split("\n\n")[:-1]
        ids = [re.findall("^id: (.*)$", block, re.MULTILINE) for block in blocks]
        assert all(len(found) == 1 for found in ids)
        assert len(ids) == len({found[0] for found in ids}) > 4
        for place, [id] in enumerate(ids[:-1], 1):
            rest = (await followed(gateway, session, id)).text
            assert rest == "".join(block + "\n\n" for block in blocks[place:])


async def test_one_that_follows_late_sees_what_one_that_follows_early_saw(
    start: Start, redis: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start(chain_of(), redis=redis) as gateway:
        await ready(gateway, monkeypatch)
        store = gateway.gateway.sessions
        await store.append("one", 1, Event("task", {}))
        following = []
        for place in range(2, 12):
            following.append(asyncio.create_task(followed(gateway, "one")))
            await eventually(lambda: sum(one.followers for one in store._followed.values()) == len(following))
            await store.append("one", place, Event("Thought", {"n": place}))
        await store.append("one", 12, Event("FinalAnswerStreamEnd", {"answer": "x" * 40}))
        texts = {one.text for one in await asyncio.gather(*following)}
        [text] = texts
        assert re.findall("^id: ([0-9]+)$", text, re.MULTILINE) == [str(place) for place in range(2, 13)]


async def test_redis_that_goes_and_comes_back_costs_those_who_follow_nothing(
    start: Start, redis: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start(chain_of(), redis=redis) as gateway:
        published = await ready(gateway, monkeypatch)
        await begun(gateway)
        session = published[0]["id"]
        following = asyncio.create_task(followed(gateway, session))
        await eventually(lambda: bool(gateway.gateway.sessions._followed))
        store = gateway.gateway.stores.redis
        for _ in range(3):
            await store.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            async with asyncio.timeout(10):
                while all(client["cmd"] != "xread" for client in await store.client_list()):
                    await asyncio.sleep(0.01)
        await done(gateway, published[0])
        assert (await following).text.count("FinalAnswerStreamEnd") == 1
        assert (await followed(gateway, session)).text == (await following).text.replace(": waiting\n\n", "")


async def test_when_the_process_stops_who_follows_is_told_to_come_back(
    start: Start, redis: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start(chain_of(), redis=redis) as gateway:
        published = await ready(gateway, monkeypatch)
        await begun(gateway)
        following = asyncio.create_task(followed(gateway, published[0]["id"]))
        await eventually(lambda: bool(gateway.gateway.sessions._followed))
        gateway.gateway.sessions.close()
        assert (await following).text.endswith("retry: 1000\n: the gateway stops; the rest comes after this id\n\n")


async def test_a_session_that_was_refused_never_runs(start: Start, redis: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with start(chain_of(), redis=redis) as gateway:
        await ready(gateway, monkeypatch)
        late: list[dict[str, Any]] = []

        async def publish(_topic: str, _key: str, value: bytes, _headers: object) -> None:
            late.append(json.loads(value))
            raise Away("too late")

        monkeypatch.setattr(gateway.gateway.stores, "publish", publish)
        for headers in ({}, {"idempotency_key": "a"}, {"idempotency_key": "a"}):
            refused = await begun(gateway, **headers)
            assert (refused.status_code, refused.json()["error"]["code"]) == (503, "store_away")
        assert len({task["id"] for task in late}) == 3
        for task in late:
            await done(gateway, task)
            recorded = await gateway.gateway.sessions.read(task["id"])
            assert [event.name for event in recorded] == ["task", "TaskFailed"]
            assert "not_queued" in (await followed(gateway, task["id"])).text
        # Kafka is back: under the same key it now runs.
        published = await ready_again(gateway, monkeypatch)
        assert (await begun(gateway, idempotency_key="a")).status_code == 202
        assert (await begun(gateway, idempotency_key="a")).status_code == 202
        assert published[0]["id"] not in {task["id"] for task in late}
        assert published[0] == published[-1]


async def ready_again(gateway: Running, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    published: list[dict[str, Any]] = []

    async def publish(_topic: str, _key: str, value: bytes, _headers: object) -> None:
        published.append(json.loads(value))

    monkeypatch.setattr(gateway.gateway.stores, "publish", publish)
    return published


async def test_one_that_a_worker_took_before_it_was_refused_is_not_refused(
    start: Start, redis: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start(chain_of(), redis=redis) as gateway:
        await ready(gateway, monkeypatch)

        async def publish(_topic: str, _key: str, value: bytes, _headers: object) -> None:
            await done(gateway, json.loads(value))
            raise Away("too late")

        monkeypatch.setattr(gateway.gateway.stores, "publish", publish)
        began = await begun(gateway)
        assert began.status_code == 202
        assert "FinalAnswerStreamEnd" in (await followed(gateway, began.json()["id"])).text


async def test_the_same_idempotency_key_is_the_same_session(
    start: Start, redis: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start(chain_of(), redis=redis) as gateway:
        published = await ready(gateway, monkeypatch)
        at_once = await asyncio.gather(*(begun(gateway, idempotency_key="a") for _ in range(5)))
        assert len({one.json()["id"] for one in at_once}) == 1
        await done(gateway, published[0])
        before = len(published)
        again = await gateway.client.post(AT, json={**BODY, "stream": True}, headers={"idempotency-key": "a"})
        assert again.text == (await followed(gateway, published[0]["id"])).text
        assert len(published) == before
        other = await gateway.client.post(AT, json={**BODY, "input": "b"}, headers={"idempotency-key": "a"})
        assert (other.status_code, other.json()["error"]["code"]) == (422, "idempotency_key_reused")
        different = [
            await begun(gateway, idempotency_key="b"),
            await begun(gateway, idempotency_key="a", authorization="x"),
        ]
        assert len({one.json()["id"] for one in [*at_once, *different]}) == 3


@pytest.mark.parametrize("size", [1 << 20, 200_000])
async def test_a_task_that_no_broker_takes_is_refused_before_anything_is_recorded(
    start: Start, redis: str, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    async with start(chain_of(), redis=redis) as gateway:
        await ready(gateway, monkeypatch)
        large = await gateway.client.post(AT, json={**BODY, "input": "\u00e9" * size})
        assert (large.status_code, large.json()["error"]["code"]) == (413, "request_too_large")
        assert await gateway.gateway.stores.redis.keys() == []


async def test_delete_ends_a_session_and_what_works_on_it(
    start: Start, redis: str, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.behave[KEY] = [{"hang": True}]
    config = chain_of(provider, router_settings={"timeout": 60})
    async with start(config, {"openai": [KEY]}, redis=redis) as gateway:
        published = await ready(gateway, monkeypatch)
        began = await gateway.client.post(AT, json={**BODY, "model": "chain"})
        session = began.json()["id"]
        taking = asyncio.create_task(Worker(gateway.gateway)._take(json.dumps(published[0]).encode()))
        following = asyncio.create_task(followed(gateway, session))
        await eventually(lambda: len(provider.received) == 1)
        assert (await gateway.client.delete(f"{AT}/{session}")).status_code == 204
        await taking
        assert '"code":"cancelled"' in (await following).text
        await eventually(lambda: provider.gone == 1)
        # Taken again it stays ended, and ending it again changes nothing.
        recorded = await gateway.gateway.sessions.read(session)
        await done(gateway, published[0])
        assert (await gateway.client.delete(f"{AT}/{session}")).status_code == 204
        assert await gateway.gateway.sessions.read(session) == recorded
        assert (await gateway.client.delete(f"{AT}/none")).status_code == 404


async def test_ended_before_a_worker_comes_it_never_runs(
    start: Start, redis: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start(chain_of(), redis=redis) as gateway:
        published = await ready(gateway, monkeypatch)
        await begun(gateway)
        assert (await gateway.client.delete(f"{AT}/{published[0]['id']}")).status_code == 204
        session = await done(gateway, published[0])
        assert [event.name for event in await gateway.gateway.sessions.read(session)] == ["task", "TaskFailed"]


@pytest.mark.parametrize(
    "fields",
    [
        {"x": "y"},
        {"event": "Thought", "data": "{"},
        {"event": "A", "data": "5"},
        {"event": "FinalAnswerStreamEnd", "data": "{}"},
    ],
)
async def test_a_record_that_is_no_event_ends_its_session_and_no_other(
    start: Start, redis: str, monkeypatch: pytest.MonkeyPatch, fields: dict[str, str]
) -> None:
    async with start(chain_of(), redis=redis) as gateway:
        published = await ready(gateway, monkeypatch)
        await begun(gateway)
        await gateway.gateway.stores.redis.xadd("sse_session:odd", fields, id="1-0")
        following = [asyncio.create_task(followed(gateway, id)) for id in ("odd", published[0]["id"])]
        await following[0]
        await done(gateway, published[0])
        assert "FinalAnswerStreamEnd" in (await following[1]).text
