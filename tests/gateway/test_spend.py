"""Who spent what: records, numbers, budgets; and that nobody else learns it, or drowns it."""

import asyncio
import json
import logging
import re
from typing import Any

import pytest
from conftest import Running, Start, chain_of, eventually
from provider import COMPLETION, STREAM, Provider, chunk, error
from test_clients import ADMIN, ALICE, BOB, KEYS, ask, bearer, env
from test_worker import consumed, message

from magic_proxy import limits, secrets, stores
from magic_proxy.agent import Agent
from magic_proxy.sessions import Event

# Those of the fake provider's answer.
TOKENS = 4
USAGE = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
LAST = {"id": "c", "object": "chat.completion.chunk", "choices": [], "usage": USAGE}
COUNTED = [*STREAM[:3], b"data: " + json.dumps(LAST).encode() + b"\n\n", STREAM[3]]


async def series(one: Running) -> dict[str, float]:
    response = await one.client.get("/metrics", headers=bearer(ADMIN))
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("text/plain; version=")
    lines = [line.rsplit(" ", 1) for line in response.text.splitlines() if line.startswith("magicproxy_")]
    return {name: float(value) for name, value in lines if "_created" not in name and "_bucket" not in name}


def records(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [record.fields for record in caplog.records if hasattr(record, "fields")]


@pytest.fixture(autouse=True)
def _patient(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a Redis that is there may be slow."""
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(limits, "ANSWER_WITHIN", 20)


async def test_a_record_says_who_spent_what_with_which_key(
    start: Start, provider: Provider, second: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    keys = {"openai": ["sk-spend-0001"], "mistral": ["sk-spend-0002", "sk-spend-0003"]}
    provider.behave["sk-spend-0001"] = [error(429)]
    for key in keys["mistral"]:
        second.behave[key] = [{"headers": {"x_request_id": "req-77"}}]
    async with start(chain_of(provider, second), keys, env=env({}, {})) as one:
        before = await series(one)
        assert await ask(one, ALICE) == (200, None)
        told = next(told for told in records(caplog) if told.get("model") == "chain")
        assert 0 <= told.pop("first_token_ms", 0) < 5000
        assert told.pop("key") in {"keys_pool_mistral.env:1", "keys_pool_mistral.env:2"}
        assert told == {
            "client": "alice",
            "status": 200,
            "model": "chain",
            "profile": "at-mistral",
            "provider_model": "mistral-model",
            "tries": 2,
            "prompt_tokens": 1,
            "completion_tokens": 3,
            "provider_request_id": "req-77",
        }
        after = await series(one)
        who = 'client="alice",model="chain",profile="at-mistral"'
        for name, more in (
            (f'requests_total{{{who},status="200"}}', 1),
            (f'tokens_total{{kind="prompt",{who.replace("client", "client", 1)}}}', 1),
            ('first_token_seconds_count{profile="at-mistral"}', 1),
        ):
            found = [
                key
                for key in after
                if sorted(re.findall(r'\w+="[^"]*"', key)) == sorted(re.findall(r'\w+="[^"]*"', name))
            ]
            found = [key for key in found if key.startswith("magicproxy_" + name.split("{")[0])]
            assert sum(after[key] - before.get(key, 0) for key in found) == more, (name, after)
        assert any(key.startswith("magicproxy_keys{") for key in after)
    assert "sk-spend" not in caplog.text
    assert ALICE not in caplog.text


async def test_who_is_refused_is_told_too(start: Start, provider: Provider, caplog: pytest.LogCaptureFixture) -> None:
    async with start(chain_of(provider), KEYS, env=env({"models": ["echo"]})) as one:
        assert await ask(one, "nobody-0123456789") == (401, "invalid_api_key")
        assert await ask(one, ALICE, "chain") == (404, "model_not_found")
        await one.client.post("/v1/chat/completions", content=b"{")
        told = [(told["client"], told["status"]) for told in records(caplog)]
        assert told == [("unknown", 401), ("alice", 404), ("alice", 400)]


async def test_a_record_stays_one_line_whatever_is_asked_for(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    async with start(chain_of()) as one:
        await one.chat("x\n" * 100_000)
        (told,) = records(caplog)
        assert len(told["model"]) == 200
        assert told["client"] == "anyone"


async def test_a_long_path_is_cut_and_no_half_of_a_key_is_left(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    secret = "sk-halved-0123456789"
    secrets.remember([secret])
    async with start(chain_of(), env=env({})) as one:
        await one.client.get("/" + "x" * 185 + secret + "y" * 50_000, headers=bearer("nobody-0123456789"))
        one.client.headers.update(bearer(ALICE))
        await one.chat("x" * 190 + secret)
    lines = [record.getMessage() for record in caplog.records if hasattr(record, "fields")]
    assert max(map(len, lines)) < 300
    assert "sk-halved" not in str(lines + [told.get("model") for told in records(caplog)])


@pytest.mark.parametrize("asks", [None, False, True])
async def test_a_stream_is_counted_and_the_client_gets_what_it_asked_for(
    start: Start, provider: Provider, caplog: pytest.LogCaptureFixture, asks: bool | None
) -> None:
    provider.behave[KEYS["openai"][0]] = [{"stream": COUNTED}]
    more = {} if asks is None else {"stream_options": {"include_usage": asks}}
    async with start(chain_of(provider), KEYS) as one:
        response = await one.chat(stream=True, **more)
        assert response.content == b"".join(COUNTED if asks else STREAM)
        assert provider.received[0][2]["stream_options"]["include_usage"] is True
        (told,) = records(caplog)
        assert (told["prompt_tokens"], told["completion_tokens"]) == (5, 2)
        assert "tokens_estimated" not in told


async def test_what_a_client_leaves_is_estimated_and_not_free(
    start: Start, provider: Provider, redis: str, caplog: pytest.LogCaptureFixture
) -> None:
    key = KEYS["openai"][0]
    async with start(chain_of(provider), KEYS, redis=redis, env=env({"tokens_per_month": 10})) as one:
        await one.gateway.stores.redis.flushall()
        one.client.headers.update(bearer(ALICE))
        messages = [{"role": "user", "content": "x" * 400}]
        body = {"model": "chain", "messages": messages, "stream": True}
        provider.behave[key] = [{"stream": [chunk("x")], "stall": True}]
        async with one.client.stream("POST", "/v1/chat/completions", json=body) as response:
            await anext(response.aiter_raw())
        await eventually(lambda: any(told.get("tokens_estimated") for told in records(caplog)))
        told = next(told for told in records(caplog) if told.get("tokens_estimated"))
        assert told["prompt_tokens"] > 100
        assert told["completion_tokens"] == 1
        await one.gateway.limits.stop()
        assert await ask(one, ALICE) == (429, "insufficient_quota")
        # So is one that it leaves before anything came.
        await one.gateway.stores.redis.flushall()
        provider.behave[key] = [{"hang": True}]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await one.client.post("/v1/chat/completions", json={**body, "stream": False})
        await eventually(lambda: any(told["status"] == 499 for told in records(caplog)))
        await one.gateway.limits.stop()
        assert await ask(one, ALICE) == (429, "insufficient_quota")


@pytest.mark.parametrize(
    ("stream", "least", "most"),
    [
        # Events end in more than one way, and may hold more than a token.
        ([part.replace(b"\n", b"\r\n") for part in STREAM], 4, 4),
        (STREAM, 4, 4),
        ([*[chunk("x" * 10_000)] * 10, STREAM[-1]], 20_000, 30_000),
    ],
)
async def test_a_stream_that_nobody_counts_costs_its_events_or_its_text(
    start: Start, provider: Provider, caplog: pytest.LogCaptureFixture, stream: list[bytes], least: int, most: int
) -> None:
    provider.behave[KEYS["openai"][0]] = [{"stream": stream}]
    async with start(chain_of(provider), KEYS) as one:
        await one.chat(stream=True)
        (told,) = records(caplog)
        assert told["tokens_estimated"]
        assert least <= told["completion_tokens"] <= most


async def test_who_leaves_pays_more_than_was_counted_until_then(
    start: Start, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    usage = dict.fromkeys(USAGE, 0)
    part = b"data: " + json.dumps({"id": "c", "choices": [], "usage": usage}).encode() + b"\n\n"
    provider.behave[KEYS["openai"][0]] = [{"stream": [chunk("x") + part] * 3, "stall": True}]
    async with start(chain_of(provider), KEYS) as one:
        body = {"model": "chain", "messages": [{"role": "user", "content": "x" * 400}], "stream": True}
        async with one.client.stream("POST", "/v1/chat/completions", json=body) as response:
            seen = b""
            async for some in response.aiter_raw():
                seen += some
                if seen.count(b'"x"') == 3:
                    break
        await eventually(lambda: bool(records(caplog)))
        (told,) = records(caplog)
        assert told["tokens_estimated"]
        assert told["prompt_tokens"] > 100
        assert told["completion_tokens"] >= 3


@pytest.mark.parametrize(
    "usage",
    [{"total_tokens": -(10**9)}, {"total_tokens": "4"}, {"prompt_tokens": True}, {"queue_ms": 3}, [], 5],
)
async def test_odd_counts_are_estimated(start: Start, provider: Provider, redis: str, usage: Any) -> None:
    provider.behave[KEYS["openai"][0]] = [{"body": json.dumps({**COMPLETION, "usage": usage}).encode()}, {}]
    async with start(chain_of(provider), KEYS, redis=redis, env=env({"tokens_per_day": TOKENS})) as one:
        await one.gateway.stores.redis.flushall()
        assert await ask(one, ALICE) == (200, None)
        (key,) = await one.gateway.stores.redis.keys("tokens:*")
        assert int(await one.gateway.stores.redis.get(key)) > 0


@pytest.mark.parametrize("kind", ["day", "month"])
async def test_a_budget_is_one_for_all_gateways(start: Start, provider: Provider, redis: str, kind: str) -> None:
    files = env({f"tokens_per_{kind}": 2 * TOKENS}, {})
    config = chain_of(provider, cache_settings={"enabled": True, "rules": [{"models": ["at-openai"]}]})
    async with (
        start(config, KEYS, redis=redis, env=files) as one,
        start(config, KEYS, redis=redis, env=files) as two,
    ):
        store = one.gateway.stores.redis
        await store.flushall()
        assert await ask(one, ALICE) == (200, None)
        assert await ask(one, ALICE, "at-openai") == (200, None)
        await eventually(lambda: not one.gateway.cache._writes)
        (key,) = await store.keys("tokens:alice:*")
        assert int(await store.get(key)) == 2 * TOKENS
        for at in (one, two):
            assert await ask(at, ALICE) == (429, "insufficient_quota")
            # For an agent as well, and before anything is put on Kafka.
            begun = await at.client.post("/v1/react/sessions", json={"model": "chain", "input": "x"})
            assert begun.json()["error"]["code"] == "insufficient_quota"
        response = await two.chat()
        assert 0 < int(response.headers["retry-after"]) <= (86_400 if kind == "day" else 31 * 86_400)
        assert await ask(two, BOB) == (200, None)
        # One token is left: whoever asks then gets a whole answer. What the cache has costs nothing.
        await store.decr(key)
        assert (await ask(two, ALICE, "at-openai"), int(await store.get(key))) == ((200, None), 2 * TOKENS - 1)
        assert (await ask(two, ALICE), int(await store.get(key))) == ((200, None), 3 * TOKENS - 1)
        assert await ask(one, ALICE) == (429, "insufficient_quota")
        assert 86_400 < await store.ttl(key) <= (2 if kind == "day" else 32) * 86_400


async def test_without_redis_limits_hold_and_others_notice_nothing(start: Start, provider: Provider) -> None:
    async with start(chain_of(provider), KEYS, env=env({"requests_per_minute": 5}, {})) as one:
        assert await ask(one, ALICE) == (503, "store_away")
        assert await ask(one, BOB) == (200, None)
        ready = await one.client.get("/health/ready/chat")
        assert (ready.status_code, ready.json()["keys"]) == (503, "ok")
        assert ready.json()["redis"] != "ok"


async def test_strangers_make_no_series(start: Start, provider: Provider) -> None:
    async with start(chain_of(provider), KEYS, env=env({})) as one:

        async def all_kinds(number: int) -> None:
            one.client.headers.update(bearer(ALICE))
            await one.chat(f"model-{number}")
            await one.client.get(f"/v1/models/{number}")
            await one.client.request(f"M{number}", f"/path/{number}", headers={"user-agent": str(number)})
            await one.client.get("/v1/models", headers=bearer(f"stranger-{number}"))
            await one.client.post("/v1/embeddings", json={"model": f"model-{number}", "input": "x"})

        await all_kinds(0)
        before = (await series(one)).keys()
        for number in range(1, 20):
            await all_kinds(number)
        assert (await series(one)).keys() == before
        assert any('client="unknown"' in name for name in before)
        assert any('model="unknown"' in name for name in before)


@pytest.mark.parametrize(
    ("files", "statuses"),
    [
        # Without a key, with alice's, with prometheus', with the admin's.
        ({}, (401, 401, 401, 401)),
        ({"admin.env": ADMIN}, (401, 401, 401, 200)),
        (env({}, {"metrics": True, "models": []}), (401, 403, 200, 200)),
    ],
)
async def test_numbers_are_for_who_may_read_them(
    start: Start, files: dict[str, str], statuses: tuple[int, ...]
) -> None:
    async with start(chain_of(), env=files) as one:
        for key, status in zip(("nobody-0123456789", ALICE, BOB, ADMIN), statuses, strict=True):
            for url in ("/metrics", f"{one.tools}/metrics"):
                response = await one.client.get(url, headers=bearer(key))
                assert response.status_code == (404 if url != "/metrics" and status == 200 else status), (url, key)
        assert (await one.client.get("/metrics")).status_code == 401
        # Nor is there another way to write the path.
        for path in (
            "/metrics%0A",
            "/metrics%0a",
            "//metrics",
            "/metrics/",
            "/metrics%00",
            "/admin%0A",
            "/admin/keys%0A",
        ):
            for key in (ALICE, "nobody-0123456789"):
                assert (await one.client.get(one.url + path, headers=bearer(key))).status_code in (307, 400, 401, 404)


async def test_a_path_with_a_control_character_is_refused(start: Start) -> None:
    async with start(chain_of()) as one:
        for path in ("/metrics%0A", "/v1/models%0A", "/health%0A", "/v1/models/a%7Fb"):
            response = await one.client.get(path)
            assert (response.status_code, response.json()["error"]["code"]) == (400, "invalid_path"), path


async def test_ready_says_what_is_missing_and_live_that_it_serves(
    start: Start, provider: Provider, redis: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    async def health(self: stores.Stores) -> dict[str, str]:
        asked.append(self)
        # Slow, so that those who ask meanwhile meet it.
        await asyncio.sleep(0.05)
        return {"kafka": "", "redis": ""}

    async with start({**chain_of(provider), "model_list": chain_of(provider)["model_list"][:1]}, KEYS) as one:
        for url in (one.url, one.tools):
            for page, status in (("live", 200), ("ready", 503 if url == one.url else 200), ("ready/chat", 200)):
                response = await one.client.get(f"{url}/health/{page}", headers={"host": "any.example"})
                assert response.status_code == status, (url, page, response.text)
                assert response.json()["status"] == ("ok" if status == 200 else "unavailable")
        monkeypatch.setattr(stores.Stores, "health", health)
        one.gateway.stores._recent = None
        answers = await asyncio.gather(*(one.client.get("/health/ready") for _ in range(50)))
        assert {answer.status_code for answer in answers} == {200}
        assert len(asked) == 1
        # The page that says all of it asks no more often.
        one.gateway.stores._recent = None
        answers = await asyncio.gather(*(one.client.get("/health") for _ in range(50)))
        assert {answer.status_code for answer in answers} == {200}
        assert len(asked) == 2
        # Every key is retired: it serves, and can answer nobody.
        provider.behave[KEYS["openai"][0]] = [error(401)]
        await one.chat()
        response = await one.client.get("/health/ready/chat")
        assert (response.status_code, response.json()["keys"]) == (503, "no profile has a key that may be used")
        assert (await one.client.get("/health/live")).status_code == 200


async def test_a_session_spends_the_budget_of_who_began_it(
    start: Start, provider: Provider, redis: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    config = chain_of(provider)
    async with start(config, KEYS, redis=redis, env=env({"tokens_per_day": TOKENS}, {})) as one:
        store = one.gateway.stores.redis
        await store.flushall()
        # Its key is what agents ask mcp-server with.
        tools = one.gateway.config.agent_settings.model_copy(update={"mcp_server_url": one.tools})
        one.gateway.config = one.gateway.config.model_copy(update={"agent_settings": tools})
        sent = []

        async def publish(self: stores.Stores, topic: str, key: str, value: bytes, headers: Any) -> None:
            sent.append(message(len(sent), value, *headers))

        monkeypatch.setattr(stores.Stores, "publish", publish)
        for key in (ALICE, BOB):
            body = {"model": "chain", "input": "x", "stream": False}
            assert (await one.client.post("/v1/react/sessions", json=body, headers=bearer(key))).status_code == 202
        # Whoever reaches Kafka may write any name, or none.
        task = {**json.loads(sent[0].value), "id": "c" * 32}
        sent += [message(2, task, ("client", b"mallory\xff")), message(3, {**task, "id": "d" * 32})]
        # Alice's budget is used up by the first.
        again = {**task, "id": "e" * 32}
        await consumed(one, monkeypatch, *sent)
        sent.append(message(4, again, ("client", b"alice")))
        await consumed(one, monkeypatch, sent[-1], until=5)
        steps = [told for told in records(caplog) if told.get("profile")]
        assert sorted(told["client"] for told in steps) == ["alice", "bob"]
        for other in "cd":
            last = (await one.gateway.sessions.read(other * 32))[-1]
            assert (last.name, last.data["error"]["code"]) == ("TaskFailed", "client_gone")
        assert {told["prompt_tokens"] + told["completion_tokens"] for told in steps} == {TOKENS}
        (key,) = await store.keys("tokens:*")
        assert (key.startswith(b"tokens:alice:"), int(await store.get(key))) == (True, TOKENS)
        last = (await one.gateway.sessions.read("e" * 32))[-1]
        assert (last.name, last.data["error"]["code"]) == ("TaskFailed", "insufficient_quota")


async def test_a_session_that_is_ended_pays_for_what_it_asked(
    start: Start, provider: Provider, redis: str, caplog: pytest.LogCaptureFixture
) -> None:
    provider.behave[KEYS["openai"][0]] = [{"hang": True}]
    async with start(chain_of(provider, router_settings={"timeout": 20}), KEYS, redis=redis) as one:
        tools = one.gateway.config.agent_settings.model_copy(update={"mcp_server_url": one.tools})
        one.gateway.config = one.gateway.config.model_copy(update={"agent_settings": tools})
        agent = Agent(one.gateway, {"id": "f" * 32, "model": "chain", "input": "x" * 40_000, "max_steps": 1})
        step = asyncio.create_task(agent.next([Event("worker_ack", {})]))
        await eventually(lambda: bool(provider.received))
        step.cancel()
        await asyncio.gather(step, return_exceptions=True)
        told = next(told for told in records(caplog) if told.get("profile"))
        assert told["prompt_tokens"] >= 10_000
        # Whom a provider refuses pays nothing.
        caplog.clear()
        provider.behave[KEYS["openai"][0]] = [error(400)]
        with pytest.raises(limits.ApiError):
            await agent.next([Event("worker_ack", {})])
        told = next(told for told in records(caplog) if told.get("profile"))
        assert "prompt_tokens" not in told


async def test_nothing_is_counted_where_there_is_nothing_to_count(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    async with start(chain_of(), env=env({"tokens_per_day": 5}, {"requests_per_minute": 5})) as one:
        for name, tokens in (("alice", 0), ("bob", 5), ("nobody", 5)):
            assert one.gateway.limits.charge(one.gateway.client_named(name), tokens).done()
        assert not one.gateway.limits._charging
        await one.gateway.limits.charge(one.gateway.client_named("alice"), 5)
    assert [record.levelname for record in caplog.records if record.name == "magic_proxy.limits"] == ["ERROR"]
