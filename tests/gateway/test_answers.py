"""Which answers pass for one, and which are kept."""

import json
from typing import Any

import pytest
from conftest import CACHED, Running, Start, chain_of, eventually
from provider import COMPLETION, STREAM, Provider, chunk

KEY = "sk-answers-0001"
KEYS = {"openai": [KEY], "mistral": ["sk-other-0001"]}
CHOICE = COMPLETION["choices"][0]


def answer(**fields: Any) -> dict[str, Any]:
    return {"body": json.dumps(fields).encode()}


@pytest.mark.parametrize(
    "does",
    [
        answer(error={"message": "upstream overloaded", "code": "busy"}),
        answer(**COMPLETION, error={"message": "half of it"}),
        answer(choices=[{**CHOICE, "error": {"message": "overloaded"}, "finish_reason": "error"}]),
        answer(error="overloaded"),
        answer(choices=None),
        answer(choices="none"),
        answer(choices=[None]),
        answer(choices=[{}]),
        answer(data=[1]),
        answer(),
    ],
)
async def test_an_error_is_no_answer(
    start: Start, provider: Provider, second: Provider, redis: str, does: dict[str, Any]
) -> None:
    provider.behave[KEY] = [does]
    async with start(chain_of(provider, second, cache_settings=CACHED), KEYS, redis=redis) as gateway:
        await gateway.gateway.stores.redis.flushall()
        response = await gateway.chat()
        assert response.headers["x-magicproxy-profile"] == "at-mistral"
        alone = await gateway.chat("at-openai")
        assert alone.status_code in (502, 503)
        assert ("busy" in alone.text) is (alone.json()["error"]["code"] == "busy")
        assert (await gateway.chat("at-openai")).headers.get("x-magicproxy-cache") is None
        assert await gateway.states() == {"active": 1}


@pytest.mark.parametrize(
    "does", [answer(choices=[CHOICE]), answer(data=None), answer(error={"message": "x"}, data=[1])]
)
async def test_embeddings_have_data(start: Start, provider: Provider, does: dict[str, Any]) -> None:
    provider.behave[KEY] = [does, answer(data=[{"embedding": [1.0]}])]
    async with start(chain_of(provider), KEYS) as gateway:
        body = {"model": "chain", "input": "x"}
        statuses = [(await gateway.client.post("/v1/embeddings", json=body)).status_code for _ in range(2)]
    assert statuses == [502 if b"error" in does["body"] else 503, 200]


async def test_embeddings_have_no_stream(start: Start, provider: Provider) -> None:
    provider.behave[KEY] = [answer(data=[{"embedding": [1.0]}])]
    async with start(chain_of(provider), KEYS) as gateway:
        body = {"model": "chain", "input": "x", "stream": True}
        response = await gateway.client.post("/v1/embeddings", json=body)
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    assert len(provider.received) == 1


async def asked_twice(gateway: Running, **more: Any) -> str | None:
    """Whether the second answer is the kept first one."""
    await gateway.gateway.stores.redis.flushall()
    await gateway.chat(**more)
    await eventually(lambda: not gateway.gateway.cache._writes)
    return (await gateway.chat(**more)).headers.get("x-magicproxy-cache")


@pytest.mark.parametrize(
    ("reason", "kept"), [("stop", "hit"), ("tool_calls", "hit"), ("length", None), ("content_filter", None)]
)
async def test_what_was_cut_off_is_not_kept(
    start: Start, provider: Provider, redis: str, reason: str, kept: str | None
) -> None:
    end = {"index": 0, "delta": {}, "finish_reason": reason}
    ending = [chunk("x"), b"data: " + json.dumps({"choices": [end]}).encode() + b"\n\n", STREAM[-1]]
    two = [CHOICE, {**CHOICE, "index": 1, "finish_reason": reason}]
    async with start(chain_of(provider, cache_settings=CACHED), KEYS, redis=redis) as gateway:
        provider.behave[KEY] = [answer(choices=two)]
        assert await asked_twice(gateway) == kept
        provider.behave[KEY] = [{"stream": ending}]
        assert await asked_twice(gateway, stream=True) == kept
        # Nor what does not say how it ended.
        provider.behave[KEY] = [answer(choices=[])]
        assert await asked_twice(gateway, user="none") is None
        provider.behave[KEY] = [{"stream": [chunk("x"), STREAM[-1]]}]
        assert await asked_twice(gateway, stream=True) is None
        # Nor what the gateway itself cuts.
        assert await asked_twice(gateway, model="echo", max_tokens=1) == "hit"
        many = [{"role": "user", "content": "two words"}]
        assert await asked_twice(gateway, model="echo", max_tokens=1, messages=many) is None


async def test_a_client_may_ask_for_a_new_answer(start: Start, provider: Provider, redis: str) -> None:
    async with start(chain_of(provider, cache_settings=CACHED), KEYS, redis=redis) as gateway:
        await gateway.gateway.stores.redis.flushall()

        async def asked(control: str, content: str) -> str | None:
            gateway.client.headers["cache-control"] = control
            response = await gateway.chat(messages=[{"role": "user", "content": content}])
            await eventually(lambda: not gateway.gateway.cache._writes)
            return response.headers.get("x-magicproxy-cache")

        assert [await asked("No-Store", "a"), await asked("", "a"), await asked("", "a")] == [None, None, "hit"]
        # It replaces what was kept.
        assert [await asked("max-age=0, no-cache", "b"), await asked("", "b"), await asked("no-cache", "b")] == [
            None,
            "hit",
            None,
        ]
        assert await asked("no-store", "b") is None
        assert await asked("max-age=5", "b") == "hit"
        del gateway.client.headers["cache-control"]
        body = {"model": "chain", "messages": [{"role": "user", "content": "b"}]}
        twice = [("cache-control", "max-age=5"), ("cache-control", "no-store")]
        response = await gateway.client.post("/v1/chat/completions", json=body, headers=twice)
        assert response.headers.get("x-magicproxy-cache") is None


@pytest.mark.parametrize("settings", [{}, {"enabled": True}, {"enabled": True, "rules": [{"models": ["other"]}]}])
async def test_without_a_rule_nothing_is_kept(
    start: Start, provider: Provider, redis: str, settings: dict[str, Any]
) -> None:
    async with start(chain_of(provider, cache_settings=settings), KEYS, redis=redis) as gateway:
        assert await asked_twice(gateway) is None
        assert not await gateway.gateway.stores.redis.keys()
