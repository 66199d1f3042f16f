"""Agents' sessions on a real Redis: each event once, whoever dies or races, and streamed from any place."""

import asyncio
import json
from typing import Any

import pytest
from conftest import Running, Start, chain_of
from provider import Provider, error

from magic_proxy import sessions
from magic_proxy.sessions import Event
from magic_proxy.worker import Worker

LINES = "calculator: 6 * 7\nclock: nowhere\nweb_search: x\nnothing: y"
SAYS = [
    "42",
    "error: there is no time zone 'nowhere'",
    "error: web_search needs TAVILY_API_KEY in env/tavily.env",
]


def task(**more: Any) -> dict[str, Any]:
    return {"id": "one", "model": "echo", "input": LINES, "max_steps": 8, **more}


async def ready(gateway: Running) -> Worker:
    await gateway.gateway.stores.redis.flushall()
    text = gateway.gateway.text + f"agent_settings:\n  mcp_server_url: {gateway.tools}\n"
    gateway.gateway.path.write_text(text)
    gateway.gateway.reload()
    return Worker(gateway.gateway)


def names(recorded: list[Event]) -> list[str]:
    return [event.name for event in recorded]


async def test_an_agent_thinks_acts_and_observes(start: Start, redis: str) -> None:
    async with start(chain_of(), redis=redis) as gateway:
        worker = await ready(gateway)
        await worker.work("one", task())
        recorded = await gateway.gateway.sessions.read("one")
        rounds = ["Thought", "Action", "Observation"] * 3
        assert names(recorded) == ["task", "worker_ack", *rounds, "FinalAnswerStreamEnd"]
        assert [event.data["result"] for event in recorded if event.name == "Observation"] == SAYS
        assert recorded[-1].data["answer"].startswith("calculator says: 42\nclock says: error")
        # Taken again, it changes nothing.
        await worker.work("one", task())
        assert await gateway.gateway.sessions.read("one") == recorded


async def test_killed_at_any_point_the_next_worker_goes_on(start: Start, redis: str) -> None:
    async with start(chain_of(), redis=redis) as gateway:
        worker = await ready(gateway)
        await worker.work("one", task())
        whole = await gateway.gateway.sessions.read("one")
        for point in range(len(whole)):
            session = f"cut-{point}"
            for place, event in enumerate(whole[:point], 1):
                assert await gateway.gateway.sessions.append(session, place, event)
            await worker.work(session, task())
            assert names(await gateway.gateway.sessions.read(session)) == names(whole)


async def test_two_workers_on_one_task_record_each_event_once(start: Start, redis: str) -> None:
    async with start(chain_of(), redis=redis) as gateway:
        worker = await ready(gateway)
        await asyncio.gather(*(worker.work("one", task()) for _ in range(5)))
        recorded = await gateway.gateway.sessions.read("one")
        assert names(recorded).count("FinalAnswerStreamEnd") == 1
        assert names(recorded) == ["task", "worker_ack", *["Thought", "Action", "Observation"] * 3, recorded[-1].name]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"max_steps": 2}, "no answer after 2 steps"),
        ({"model": "nobody"}, "does not exist"),
        ({"model": "chain"}, "no provider could answer"),
        ({"input": None}, ""),
    ],
)
async def test_a_task_that_cannot_end_well_ends(start: Start, redis: str, given: dict[str, Any], told: str) -> None:
    async with start(chain_of(Provider_without_keys()), redis=redis) as gateway:
        worker = await ready(gateway)
        await worker.work("one", task(**given))
        last = (await gateway.gateway.sessions.read("one"))[-1]
        if told:
            assert last.name == "TaskFailed"
            assert told in last.data["error"]["message"]
        assert last.name in sessions.ENDS


class Provider_without_keys:  # noqa: N801
    url = "http://127.0.0.1:1/v1"


@pytest.mark.parametrize(
    "body", [b'{"choices": []}', b'{"choices": [{"message": null}]}', b'{"choices": [{"message": 5}]}']
)
async def test_a_model_that_talks_nonsense_fails_the_task(
    start: Start, redis: str, provider: Provider, body: bytes
) -> None:
    provider.behave["sk-agent-0001"] = [{"body": body}]
    async with start(chain_of(provider), {"openai": ["sk-agent-0001"]}, redis=redis) as gateway:
        worker = await ready(gateway)
        await worker.work("one", task(model="chain"))
        assert (await gateway.gateway.sessions.read("one"))[-1].data["error"]["code"] == "garbled"


async def test_a_session_is_streamed_from_any_place(start: Start, redis: str) -> None:
    async with start(chain_of(), redis=redis) as gateway:
        worker = await ready(gateway)
        working = asyncio.create_task(worker.work("one", task()))
        async with asyncio.timeout(10):
            while not await gateway.gateway.sessions.read("one"):
                await asyncio.sleep(0)
        whole = (await gateway.client.get("/v1/react/sessions/one")).text
        await working
        kinds = [line.removeprefix("event: ") for line in whole.splitlines() if line.startswith("event: ")]
        assert (kinds[0], kinds[-1]) == ("worker_ack", "FinalAnswerStreamEnd")
        data = [json.loads(line[6:]) for line in whole.splitlines() if line.startswith("data: ")]
        deltas = "".join(one["delta"] for one in data if set(one) == {"delta"})
        assert deltas == data[-1]["answer"]
        rest = (await gateway.client.get("/v1/react/sessions/one", headers={"last-event-id": "10"})).text
        assert rest == whole[whole.index("event: Observation\nid: 11") :]
        odd = (await gateway.client.get("/v1/react/sessions/one", headers={"last-event-id": "x"})).text
        assert odd == whole
        response = await gateway.client.get("/v1/react/sessions/none")
        assert (response.status_code, response.json()["error"]["code"]) == (404, "session_not_found")


async def test_when_no_worker_comes_the_stream_says_so(
    start: Start, redis: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "ACK_WITHIN", 0.1)
    async with start(chain_of(), redis=redis) as gateway:
        await ready(gateway)
        await gateway.gateway.sessions.append("one", 1, Event("task", task()))
        response = await gateway.client.get("/v1/react/sessions/one")
        assert "no worker took the task" in response.text


async def test_sessions_need_both_stores(start: Start, redis: str) -> None:
    body = {"model": "echo", "input": "x"}
    async with start(chain_of()) as gateway:
        response = await gateway.client.post("/v1/react/sessions", json=body)
        assert (response.status_code, response.json()["error"]["code"]) == (503, "store_away")
    async with start(chain_of(), redis=redis) as gateway:
        response = await gateway.client.post("/v1/react/sessions", json=body)
        assert (response.status_code, response.json()["error"]["code"]) == (503, "store_away")
        for wrong in ({}, {**body, "input": ""}, {**body, "max_steps": 0}, {**body, "other": 1}):
            assert (await gateway.client.post("/v1/react/sessions", json=wrong)).status_code == 400
        unknown = {**body, "model": "nobody"}
        assert (await gateway.client.post("/v1/react/sessions", json=unknown)).status_code == 404


async def test_key_of_a_provider_that_failed_the_task_is_masked(start: Start, redis: str, provider: Provider) -> None:
    key = "sk-agent-0001"
    provider.behave[key] = [error(400, f"no: {key}")]
    async with start(chain_of(provider), {"openai": [key]}, redis=redis) as gateway:
        worker = await ready(gateway)
        await worker.work("one", task(model="chain"))
        text = (await gateway.client.get("/v1/react/sessions/one")).text
        assert "***" in text
        assert key not in text
