"""What clients send that makes no sense, each told in OpenAI's shape; and stores that are away."""

import json

import pytest
from conftest import CACHED, Start, chain_of
from provider import Provider

from magic_proxy import bodies

KEYS = {"openai": ["sk-bad-0001"]}
HELLO = [{"role": "user", "content": "hello"}]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "not valid JSON"),
        (b'{"model": "chain", "messages": [', "not valid JSON"),
        (b"\xff\xfe{}", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b'{"model": "echo", "messages": [{"role": "user", "content": "x"}], "temperature": NaN}', "NaN"),
        (b"[]", "the body"),
        (b"null", "the body"),
        (b'{"messages": []}', "model"),
        (json.dumps({"model": 5, "messages": HELLO}).encode(), "model"),
        (b'{"model": "echo"}', "messages"),
        (b'{"model": "echo", "messages": []}', "messages"),
        (b'{"model": "echo", "messages": "hello"}', "messages"),
        (b'{"model": "echo", "messages": ["hello"]}', "messages.0"),
        (b'{"model": "echo", "messages": [{"content": "hello"}]}', "messages.0.role"),
        (json.dumps({"model": "echo", "messages": HELLO, "stream": "yes"}).encode(), "stream"),
        (json.dumps({"model": "echo", "messages": HELLO, "max_tokens": "many"}).encode(), "max_tokens"),
        (json.dumps({"model": "echo", "messages": HELLO, "tools": {}}).encode(), "tools"),
    ],
)
async def test_a_body_that_makes_no_sense_is_400(start: Start, provider: Provider, body: bytes, told: str) -> None:
    async with start(chain_of(provider), KEYS) as gateway:
        response = await gateway.client.post("/v1/chat/completions", content=body)
        assert response.status_code == 400
        error = response.json()["error"]
        assert error["type"] == "invalid_request_error"
        assert told in error["message"]
    assert provider.received == []


@pytest.mark.parametrize("given", [None, 5, "", [], [None], {"text": "x"}])
async def test_embeddings_of_nothing_are_400(start: Start, given: object) -> None:
    async with start(chain_of()) as gateway:
        response = await gateway.client.post("/v1/embeddings", json={"model": "echo", "input": given})
        assert response.status_code == 400
        assert response.json()["error"]["param"].startswith("input")


async def test_an_unknown_model_is_404_and_so_is_an_unknown_page(start: Start) -> None:
    async with start(chain_of()) as gateway:
        response = await gateway.chat("nobody")
        assert (response.status_code, response.json()["error"]["code"]) == (404, "model_not_found")
        body = json.dumps({"model": "half \ud83d", "messages": HELLO})
        assert (await gateway.client.post("/v1/chat/completions", content=body)).status_code == 404
        response = await gateway.client.get("/v1/nothing")
        assert (response.status_code, response.json()["error"]["type"]) == (404, "not_found_error")
        response = await gateway.client.get("/v1/chat/completions")
        assert (response.status_code, response.json()["error"]["type"]) == (405, "invalid_request_error")


async def test_too_large_a_body_is_413(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "LARGEST", 1000)
    async with start(chain_of()) as gateway:
        for content in ("x" * 2000, None):
            body = {"model": "echo", "messages": [{"role": "user", "content": content or "y" * 2000}]}
            response = await gateway.client.post("/v1/chat/completions", json=body)
            assert (response.status_code, response.json()["error"]["code"]) == (413, "request_too_large")
        assert (await gateway.chat("echo")).status_code == 200


async def test_half_a_surrogate_pair_comes_back(start: Start) -> None:
    async with start(chain_of()) as gateway:
        body = {"model": "echo", "messages": [{"role": "user", "content": "half \ud83d of it"}]}
        response = await gateway.client.post("/v1/chat/completions", content=json.dumps(body))
        assert response.json()["choices"][0]["message"]["content"] == "half \ud83d of it"


async def test_odd_messages_are_echoed_as_they_can_be(start: Start) -> None:
    async with start(chain_of()) as gateway:
        for content in (None, 5, [], [{"type": "text", "text": "a"}, {"type": "image_url"}], [None], {}):
            messages = [{"role": "system", "content": "x"}, {"role": "user", "content": content}]
            assert (await gateway.chat("echo", messages=messages)).status_code == 200
        for tools in ([], [{}], [{"function": None}], [{"function": {"name": None, "parameters": []}}]):
            assert (await gateway.chat("echo", tools=tools)).status_code == 200


async def test_without_redis_and_kafka_what_needs_neither_works(start: Start, provider: Provider) -> None:
    async with start(chain_of(provider, cache_settings=CACHED), KEYS) as gateway:
        assert (await gateway.chat()).status_code == 200
        assert (await gateway.stream())[-1] == "[DONE]"
        health = await gateway.client.get("/health")
        assert health.status_code == 503
        assert "not connected yet" in health.json()["kafka"]
        assert "ConnectionError" in health.json()["redis"]


async def test_a_clients_key_is_asked_for_when_there_is_one(start: Start) -> None:
    async with start(chain_of()) as gateway:
        path = gateway.gateway.keys.folder.parent / "env" / "gateway.env"
        path.write_text("GATEWAY_API_KEY=gw-secret-key\n")
        assert (await gateway.chat("echo")).status_code == 200
        gateway.gateway.reload()
        for header in ({}, {"authorization": "Bearer wrong"}, {"authorization": "Bearer gw-secret-ké".encode()}):
            response = await gateway.client.get("/v1/models", headers=header)
            assert (response.status_code, response.json()["error"]["code"]) == (401, "invalid_api_key")
            assert "gw-secret" not in response.text
        right = {"authorization": "Bearer gw-secret-key"}
        assert (await gateway.client.get("/v1/models", headers=right)).status_code == 200
        assert (await gateway.client.get("/")).status_code == 200


async def test_a_web_page_of_another_machine_may_not_use_it(start: Start) -> None:
    async with start(chain_of()) as gateway:
        for origin, status in (
            ("https://evil.example", 403),
            ("null", 403),
            ("http://[", 403),
            ("http://localhost.evil.example", 403),
            ("http://localhost:3000", 200),
        ):
            response = await gateway.client.get("/v1/models", headers={"origin": origin})
            assert response.status_code == status
