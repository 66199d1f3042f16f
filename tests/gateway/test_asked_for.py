"""What clients ask for besides chat: /v1/responses, and providers of any name with keys of their own."""

import json
import logging
from typing import Any

import openai
import pytest
import yaml
from conftest import Start, chain_of
from provider import Provider, error
from test_clients import ADMIN, bearer

from magic_proxy import config

KEYS = {"openai": ["sk-asked-0001"], "groq": ["gsk-asked-0001"], "mistral": ["sk-asked-0003"]}
USAGE = {"input_tokens": 5, "output_tokens": 2, "total_tokens": 7, "input_tokens_details": {"cached_tokens": 0}}
USAGE["output_tokens_details"] = {"reasoning_tokens": 0}
TEXT = {"type": "output_text", "text": "hello", "annotations": []}
ANSWER: dict[str, Any] = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1,
    "model": "m",
    "status": "completed",
    "error": None,
    "output": [{"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": [TEXT]}],
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
    "usage": USAGE,
}


def happened(kind: str, **data: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, 'sequence_number': 1, **data})}\n\n".encode()


BEGUN = {**ANSWER, "status": "in_progress", "output": [], "usage": None}
DELTA = {"item_id": "msg_1", "output_index": 0, "content_index": 0, "delta": "hello", "logprobs": []}
STREAM = [
    happened("response.created", response=BEGUN),
    happened("response.output_text.delta", **DELTA),
    happened("response.completed", response=ANSWER),
]


def answers(body: Any) -> list[dict[str, Any]]:
    return [{"body": json.dumps(body).encode()}]


async def test_responses_are_passed_on_for_the_official_client(
    start: Start, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    key = KEYS["openai"][0]
    async with start(chain_of(provider, cache_settings={"enabled": True}), KEYS) as one:
        client = openai.AsyncOpenAI(base_url=f"{one.url}/v1", api_key="none", max_retries=0)
        provider.behave[key] = answers(ANSWER)
        for _ in range(2):
            said = await client.responses.create(model="chain", input="hi", store=False)
            assert said.output_text == "hello"
        # Kept would be what the provider knows by its id.
        assert [(path, body) for _, path, body in provider.received] == [
            ("/v1/responses", {"model": "openai-model", "input": "hi", "store": False})
        ] * 2
        provider.behave[key] = [{"stream": STREAM}]
        events = [event async for event in await client.responses.create(model="chain", input="hi", stream=True)]
        assert [event.type for event in events] == [part.split(b"\n")[0][7:].decode() for part in STREAM]
        response = await one.client.post("/v1/responses", json={"model": "chain", "input": "x", "stream": True})
        assert response.content == b"".join(STREAM)
        # What goes on in the background could be fetched by nobody, nor would be counted.
        with pytest.raises(openai.BadRequestError) as refused:
            await client.responses.create(model="chain", input="hi", background=True)
        assert (refused.value.code, refused.value.param) == ("unsupported_parameter", "background")
        assert len(provider.received) == 4
        await client.responses.create(model="chain", input="hi", background=False, stream=True)
        await client.close()
    told = [record.fields for record in caplog.records if hasattr(record, "fields")]
    assert [(one.get("prompt_tokens"), one.get("completion_tokens")) for one in told[:4]] == [(5, 2)] * 4


@pytest.mark.parametrize(
    "stream", [STREAM[:2], [STREAM[0], b"data: {\n\n"], [happened("error", message="no", code="x")], []]
)
async def test_a_stream_of_a_response_that_breaks_off_is_told(
    start: Start, provider: Provider, stream: list[bytes]
) -> None:
    provider.behave[KEYS["openai"][0]] = [{"stream": stream}]
    async with start(chain_of(provider), KEYS) as one:
        response = await one.client.post("/v1/responses", json={"model": "chain", "input": "x", "stream": True})
        assert "error" in response.text.rsplit("data: ", 1)[-1]


async def test_who_has_no_responses_leaves_them_to_the_next(start: Start, provider: Provider, second: Provider) -> None:
    provider.behave[KEYS["openai"][0]] = [error(404)]
    second.behave[KEYS["mistral"][0]] = answers(ANSWER)
    async with start(chain_of(provider, second), KEYS) as one:
        assert (await one.client.post("/v1/responses", json={"model": "chain", "input": "x"})).json() == ANSWER
        response = await one.client.post("/v1/responses", json={"model": "echo", "input": "x"})
        assert (response.status_code, response.json()["error"]["code"]) == (404, "no_provider")
        for body, status in (({"model": "chain", "input": 5}, 400), ({"input": "x"}, 400), ({"model": "no"}, 404)):
            assert (await one.client.post("/v1/responses", json=body)).status_code == status


def compatible(base: str | None, keys: str | None = "groq", provider: str = "openai_compatible") -> dict[str, Any]:
    params = {"model": "m", **({"api_base": base} if base else {})}
    return {"model_name": "fast", "provider": provider, "model_params": params, **({"keys": keys} if keys else {})}


async def test_a_provider_of_any_name_gets_its_own_keys_and_no_others(
    start: Start, provider: Provider, second: Provider
) -> None:
    config = chain_of(provider)
    config["model_list"].append(compatible(second.url))
    async with start(config, KEYS, env={"admin.env": ADMIN}) as one:
        assert (await one.chat("fast")).status_code == 200
        assert (await one.chat("chain")).status_code == 200
        assert (provider.asked_with(), second.asked_with()) == (KEYS["openai"], KEYS["groq"])
        second.behave[KEYS["groq"][0]] = [error(401)]
        told = (await one.chat("fast")).text
        assert "gsk-asked" not in told
        told = (await one.chat("fast")).json()["error"]["message"]
        assert (await one.client.get("/admin/keys", headers=bearer(ADMIN))).json()["groq"]["retired"] == 1


@pytest.mark.parametrize(
    ("profile", "told"),
    [
        (compatible("https://api.groq.com/v1"), ""),
        (compatible(None), "needs `keys` and"),
        (compatible("https://api.groq.com/v1", None), "needs `keys` and"),
        (compatible("http://api.groq.com/v1"), "in the clear"),
        (compatible(None, "groq", "openai"), "is for openai_compatible"),
        (compatible("http://127.0.0.1:1", "groq", "local"), "is for openai_compatible"),
        ({**compatible("https://api.groq.com/v1"), "keys": ""}, "at least 1 character"),
    ],
)
def test_a_provider_of_any_name_says_where_and_with_which_keys(profile: dict[str, Any], told: str) -> None:
    try:
        config.parse(yaml.safe_dump({"model_list": [profile]}), "f")
        found = ""
    except config.ConfigError as error:
        found = str(error)
    assert told in found
    assert bool(told) is bool(found), found
