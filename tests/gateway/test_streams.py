"""Streams: untouched, and what a client sees of a provider that hangs, garbles or cuts its stream."""

from typing import Any

import pytest
from conftest import CACHED, Start, chain_of, eventually
from provider import STREAM, Provider, chunk, error

from magic_proxy.logs import JsonFormatter

KEY = "sk-stream-0001"
KEYS = {"openai": [KEY], "mistral": ["sk-other-0001"]}


async def test_bytes_pass_untouched(start: Start, provider: Provider) -> None:
    # Odd spacing and line ends, cut in the middle of events.
    data = b': hi\r\n\r\ndata:{"choices":[ ],  "x":"\xc3\xa9 \\ud800"}\r\n\r\n' + b"".join(STREAM)
    provider.behave[KEY] = [{"stream": [data[at : at + 7] for at in range(0, len(data), 7)]}]
    async with start(chain_of(provider), KEYS) as gateway:
        response = await gateway.chat(stream=True)
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.content == data


@pytest.mark.parametrize(
    ("does", "told"),
    [
        ({"stream": STREAM[:1], "cut": True}, "RemoteProtocolError"),
        ({"stream": STREAM[:1]}, "ended before [DONE]"),
        ({"stream": STREAM[:1], "stall": True}, "ReadTimeout"),
        ({"stream": [*STREAM[:1], b"data: {not json}\n\n"]}, "not JSON"),
        ({"stream": [*STREAM[:1], b"<html>\n\n"]}, "no server-sent event"),
        ({"stream": [*STREAM[:1], b"data: [1]\n\n"]}, "no JSON object"),
        ({"stream": [*STREAM[:1], b'data: {"error":{"message":"overloaded"}}\n\n']}, "overloaded"),
        (
            {
                "stream": [
                    *STREAM[:1],
                    b'data: {"choices": [',
                ],
                "cut": True,
            },
            "RemoteProtocolError",
        ),
    ],
)
async def test_a_stream_that_fails_ends_with_an_error_and_is_not_cached(
    start: Start, provider: Provider, redis: str, does: dict[str, Any], told: str
) -> None:
    provider.behave[KEY] = [does, {}]
    config = chain_of(provider, cache_settings=CACHED)
    async with start(config, KEYS, redis=redis) as gateway:
        await gateway.gateway.stores.redis.flushall()
        first, last = await gateway.stream()
        assert first["choices"][0]["delta"]["content"] == "hello "
        assert told in last["error"]["message"]
        assert await gateway.states() == {"active": 1}
        # Once more: asked anew, and whole.
        assert (await gateway.stream())[-1] == "[DONE]"
    assert len(provider.received) == 2


@pytest.mark.parametrize(
    "does",
    [
        {"hang": True},
        {"stream": [], "cut": True},
        {"stream": []},
        {"stream": [b"garbage\n\n"]},
        {"stream": STREAM[-1:]},
        {"stream": [b": PROCESSING\n\n", b'data: {"error": {"message": "busy"}}\n\n']},
        {"stream": [b": PROCESSING\n\n", b'data: {"type": "error", "message": "busy"}\n\n']},
        {"stream": [b'data: {"type": "response.failed", "response": {"error": {"code": "busy"}}}\n\n']},
        {"type": "text/html", "body": b"<html>"},
    ],
)
async def test_before_its_first_event_the_next_profile_takes_over(
    start: Start, provider: Provider, second: Provider, does: dict[str, Any]
) -> None:
    provider.behave[KEY] = [does]
    async with start(chain_of(provider, second), KEYS) as gateway:
        assert (await gateway.stream())[-1] == "[DONE]"
        assert await gateway.states() == {"active": 1}
    assert (len(provider.received), len(second.received)) == (1, 1)


@pytest.mark.parametrize("body", [b"<html>busy</html>", b"[1]", b'{"choices": [', b"\xff\xfe", b"[" * 100_000])
async def test_a_garbled_answer_is_not_passed_on(
    start: Start, provider: Provider, second: Provider, body: bytes
) -> None:
    provider.behave[KEY] = [{"body": body}]
    async with start(chain_of(provider, second), KEYS) as gateway:
        assert (await gateway.chat()).json()["choices"][0]["message"]["content"] == "hello from afar"
    assert len(second.received) == 1


async def test_nobody_listens_at_the_provider(start: Start, provider: Provider, second: Provider) -> None:
    config = chain_of(provider, second)
    config["model_list"][0]["model_params"]["api_base"] = "http://127.0.0.1:1/v1"
    async with start(config, KEYS) as gateway:
        assert (await gateway.chat()).status_code == 200


async def test_a_client_that_goes_away_ends_the_providers_stream(start: Start, provider: Provider) -> None:
    provider.behave[KEY] = [{"stream": [chunk("x")] * 1000, "pause": 0.01}]
    config = chain_of(provider, router_settings={"max_parallel_requests": 1})
    async with start(config, KEYS) as gateway:
        async with gateway.client.stream(
            "POST",
            "/v1/chat/completions",
            json={"model": "chain", "stream": True, "messages": [{"role": "user", "content": "x"}]},
        ) as response:
            await anext(response.aiter_bytes())
        await eventually(lambda: provider.gone == 1)
        # And its place is free again.
        provider.behave[KEY] = [{}]
        assert (await gateway.chat()).status_code == 200


async def test_more_at_once_than_allowed_is_429(start: Start, provider: Provider) -> None:
    provider.behave[KEY] = [{"stream": [chunk("x")] * 1000, "pause": 0.01}]
    config = chain_of(provider, router_settings={"max_parallel_requests": 1})
    body = {"model": "chain", "stream": True, "messages": [{"role": "user", "content": "x"}]}
    async with (
        start(config, KEYS) as gateway,
        gateway.client.stream("POST", "/v1/chat/completions", json=body) as response,
    ):
        await anext(response.aiter_bytes())
        refused = await gateway.chat()
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        assert refused.json()["error"]["type"] == "rate_limit_error"


async def test_key_in_a_providers_words_is_masked(
    start: Start, provider: Provider, redis: str, caplog: pytest.LogCaptureFixture
) -> None:
    other = "sk-stream-0002"
    provider.behave[KEY] = [
        error(400, f"what is {KEY}? \ud800"),
        error(401, f"no such key: {KEY}"),
    ]
    provider.behave[other] = [
        {"body": f'{{"choices": [{{"message": "{other}", "finish_reason": "stop"}}]}}'.encode()},
        {"stream": [chunk(other), STREAM[-1]]},
        {"stream": [chunk("x"), f'data: {{"error": "{other}"}}\n\n'.encode()]},
        error(400, other),
    ]
    config = chain_of(provider, cache_settings=CACHED)
    seen = b""
    async with start(config, {"openai": [KEY, other]}, redis=redis) as gateway:
        await gateway.gateway.stores.redis.flushall()
        for stream in (False, False, True, True, False):
            response = await gateway.chat(stream=stream, user=str(stream), seed=len(seen))
            seen += response.content + str(response.headers).encode()
        await eventually(lambda: not gateway.gateway.cache._writes)
        store = gateway.gateway.stores.redis
        for key in await store.keys():
            seen += key + await store.get(key)
    logged = "\n".join(JsonFormatter().format(record) for record in caplog.records)
    assert "***" in logged
    assert b"***" in seen
    assert len(provider.received) == 6
    for secret in (KEY, other):
        assert secret.encode() not in seen
        assert secret not in logged
