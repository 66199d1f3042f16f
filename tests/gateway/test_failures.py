"""What a provider's failure costs: which key, profile or host rests, who is asked next, and what the client gets."""

import asyncio
import errno
import json
import time
from collections import Counter
from email.utils import formatdate
from typing import Any

import pytest
import yaml
from conftest import NOBODY, Config, Start, chain_of, eventually
from provider import STREAM, Provider, chunk, error

from magic_proxy import failures, keys

KEYS = [f"sk-fails-{place:04}" for place in range(20)]
OTHER = "sk-other-0001"
NOW = 1_800_000_000
TOO_LONG = "This model's maximum context length is 8192 tokens."


def profiles(*models: tuple[str, Provider | str], **more: Any) -> Config:
    """Profiles of openai by name, each at its provider."""
    listed = [
        {
            "model_name": name,
            "provider": "openai",
            "model_params": {"model": name, "api_base": at if isinstance(at, str) else at.url},
        }
        for name, at in models
    ]
    router = {"timeout": 0.5, "model_group_alias": {"all": [name for name, _ in models]}}
    return {"model_list": listed, "router_settings": router | more.pop("router_settings", {}), **more}


class ByModel(Provider):
    """Behaves by the model that it is asked for, whatever the key."""

    def __init__(self, **models: dict[str, Any]) -> None:
        super().__init__()
        self.models = models

    def does(self, key: str, body: dict[str, Any]) -> dict[str, Any]:
        return self.models.get(body["model"], {})


@pytest.mark.parametrize("does", [error(500), error(503), error(529), {"hang": True}, {"body": b"<html>"}])
async def test_what_may_be_the_requests_fault_costs_two_tries_and_no_key(start: Start, does: dict[str, Any]) -> None:
    async with ByModel(bad=does) as one, start(profiles(("bad", one), ("good", one)), {"openai": KEYS}) as gateway:
        assert (await gateway.chat("bad")).status_code >= 500
        assert len(one.received) == 2
        assert await gateway.states() == {"active": len(KEYS)}
        assert (await gateway.chat("good")).status_code == 200


@pytest.mark.parametrize("status", [402, 403])
async def test_a_key_that_may_not_use_a_model_twice_may_use_others(start: Start, status: int) -> None:
    both = (error(status), error(status))
    async with (
        ByModel(bad=both[0], worse=both[1]) as one,
        start(profiles(("bad", one), ("worse", one), ("good", one)), {"openai": KEYS[:2]}) as gateway,
    ):
        for asked, told in (("bad", 2), ("bad", 4), ("bad", 4), ("good", 5), ("worse", 7), ("bad", 7)):
            response = await gateway.chat(asked)
            assert (response.status_code, len(one.received)) == (200 if asked == "good" else status, told)
        assert response.headers["retry-after"] == "5"
        assert await gateway.states() == {"active": 2}


@pytest.mark.parametrize("status", [401, 402, 403, 429])
async def test_however_many_keys_fail_few_are_tried(start: Start, second: Provider, status: int) -> None:
    async with ByModel(**{"openai-model": error(status)}) as one:
        async with start(chain_of(one, second), {"openai": KEYS, "mistral": [OTHER]}) as gateway:
            assert (await gateway.chat()).status_code == 200
        assert len(set(one.asked_with())) == len(one.received) == 5


async def test_a_profile_that_goes_on_failing_rests(
    start: Start, second: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "REST", 0.5)
    async with ByModel(bad=error(500)) as one:
        config = profiles(("bad", one), ("backup", second), ("good", one))
        config["router_settings"]["model_group_alias"]["all"].pop()
        async with start(config, {"openai": KEYS[:1]}) as gateway:
            for _ in range(keys.FAILURES + 3):
                assert (await gateway.chat("all")).headers["x-magicproxy-profile"] == "backup"
            assert len(one.received) == keys.FAILURES
            # Nor is it asked when there is nobody else, and its failure is told.
            alone = await gateway.chat("bad")
            assert (alone.status_code, alone.headers["retry-after"]) == (500, "1")
            assert (await gateway.chat("good")).status_code == 200
            one.models = {}
            async with asyncio.timeout(10):
                while (await gateway.chat("all")).headers["x-magicproxy-profile"] != "bad":
                    await asyncio.sleep(0.02)


@pytest.mark.parametrize(("status", "times"), [(403, 2), (402, 2), (500, keys.FAILURES)])
async def test_what_one_client_asks_rests_for_nobody_else(start: Start, status: int, times: int) -> None:
    eve, bob, carol = (f"{name}-0123456789" for name in ("eve", "bob", "carol"))
    named = [{"name": key[:-11], "key": key} for key in (eve, bob, carol)]
    env = {"admin.env": "admin-0123456789", "gateway.yaml": yaml.safe_dump({"clients": named})}
    async with (
        ByModel(bad=error(status, "eve said this")) as one,
        start(profiles(("bad", one)), {"openai": KEYS[:1]}, env=env) as gateway,
    ):

        async def asked(key: str) -> Any:
            gateway.client.headers["authorization"] = f"Bearer {key}"
            return await gateway.chat("bad")

        for _ in range(times + 1):
            assert (await asked(eve)).status_code == status
        assert len(one.received) == times
        # Another client is asked for; once it saw the same, it is true for everybody, but nobody else's words are told.
        assert (await asked(bob)).status_code == status
        told = await asked(carol)
        assert (told.status_code, len(one.received)) == (503, times + 1)
        assert "eve said this" not in told.text


async def test_a_path_that_fails_rests_alone(start: Start, provider: Provider) -> None:
    provider.behave[KEYS[0]] = [*[error(500)] * keys.FAILURES, {}]
    async with start(chain_of(provider), {"openai": KEYS[:1]}) as gateway:
        body = {"model": "chain", "input": "x"}
        for _ in range(keys.FAILURES + 1):
            assert (await gateway.client.post("/v1/responses", json=body)).status_code == 500
        assert len(provider.received) == keys.FAILURES
        assert (await gateway.chat()).status_code == 200


async def test_a_profile_that_fails_now_and_then_does_not_rest(start: Start, provider: Provider) -> None:
    provider.behave[KEYS[0]] = [error(500), {}] * 10
    async with start(chain_of(provider), {"openai": KEYS[:1]}) as gateway:
        statuses = [(await gateway.chat()).status_code for _ in range(16)]
    assert statuses == [500, 200] * 8


async def test_a_host_that_refuses_connections_rests(start: Start, provider: Provider, caplog: Any) -> None:
    nobody = f"http://{NOBODY}/v1"
    config = profiles(("gone", nobody), ("gone-too", nobody), ("good", provider))
    async with start(config, {"openai": KEYS[:3]}) as gateway:
        for _ in range(3):
            assert (await gateway.chat("all")).headers["x-magicproxy-profile"] == "good"
        assert sum("ConnectError" in record.getMessage() for record in caplog.records) == 2
        alone = await gateway.chat("gone")
        assert (alone.status_code, alone.headers["retry-after"]) == (503, "5")


async def test_a_gateway_without_descriptors_blames_no_host(
    start: Start, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start(chain_of(provider), {"openai": KEYS[:1]}) as gateway:
        await gateway.chat()
        await gateway.gateway.router.close()
        del vars(gateway.gateway.router)["upstream"]

        async def none_left(*_: Any) -> None:
            raise OSError(errno.EMFILE, "Too many open files")

        port = provider.server.sockets[0].getsockname()[1]
        real = asyncio.get_running_loop().create_connection

        async def only_there(factory: Any, *at: Any, **more: Any) -> Any:
            return await (none_left() if port in at else real(factory, *at, **more))

        monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", only_there)
        assert (await gateway.chat()).status_code == 503
        monkeypatch.undo()
        assert (await gateway.chat()).status_code == 200


@pytest.mark.parametrize(("status", "left"), [(401, "retired"), (429, "quarantined")])
async def test_a_key_rests_at_one_host_only(
    start: Start, provider: Provider, second: Provider, status: int, left: str
) -> None:
    provider.behave[KEYS[0]] = [error(status)]
    async with start(profiles(("here", provider), ("there", second)), {"openai": KEYS[:1]}) as gateway:
        assert (await gateway.chat("here")).status_code >= 400
        for _ in range(2):
            assert (await gateway.chat("there")).status_code == 200
        assert (await gateway.chat("all")).headers["x-magicproxy-profile"] == "there"
        assert len(provider.received) == 1
        assert await gateway.states() == {left: 1}
        gateway.gateway.reload()
        assert await gateway.states() == {"active": 1}


@pytest.mark.parametrize("stream", [False, True])
async def test_a_request_has_an_end_however_many_are_asked(
    start: Start, provider: Provider, second: Provider, stream: bool
) -> None:
    provider.behave = {key: [{"hang": True}] for key in KEYS}
    config = chain_of(provider, second, router_settings={"timeout": 60, "total_timeout": 1})
    async with start(config, {"openai": KEYS, "mistral": [OTHER]}) as gateway:
        assert (await gateway.chat("at-mistral")).status_code == 200
        response = await gateway.chat(stream=stream)
        assert (response.status_code, response.json()["error"]["code"]) == (504, "timeout")
        await eventually(lambda: provider.gone == 1)
    assert (len(provider.received), len(second.received)) == (1, 1)


async def test_a_stream_that_has_begun_may_take_longer(start: Start, provider: Provider) -> None:
    provider.behave[KEYS[0]] = [{}, {"pause": 0.4}]
    config = chain_of(provider, router_settings={"timeout": 60, "total_timeout": 1})
    async with start(config, {"openai": KEYS[:1]}) as gateway:
        assert (await gateway.chat()).status_code == 200
        assert (await gateway.stream())[-1] == "[DONE]"


@pytest.mark.parametrize(("rests", "wanted"), [(None, [15, 15, 15, 15]), (1, [20, 0, 20, 20]), (3, [20, 20, 20, 0])])
async def test_each_key_has_its_share(start: Start, provider: Provider, rests: int | None, wanted: list[int]) -> None:
    if rests is not None:
        provider.behave[KEYS[rests]] = [error(429), {}]
    # One without keys before it; and one that lacks the model, at the same host.
    # None is given up and asked again because the machine is busy.
    patient = {"timeout": 30}
    config = profiles(("none", provider), ("lacks", provider), ("good", provider), router_settings=patient)
    config["model_list"][0]["provider"] = "google"
    async with start(config, {"openai": KEYS[:4]}) as gateway:
        for _ in range(rests or 0):
            await gateway.chat("good")
        if rests:
            await gateway.chat("good")
            assert await gateway.states() == {"active": 3, "quarantined": 1}
        provider.received.clear()
        provider.does = lambda key, body: error(404) if body["model"] == "lacks" else {}  # type: ignore[method-assign]
        for _ in range(60):
            assert (await gateway.chat("all")).status_code == 200
    used = Counter(key for key, _, body in provider.received if body["model"] == "good")
    assert [used[key] for key in KEYS[:4]] == wanted


async def test_a_server_of_ones_own_has_no_key_that_could_be_useless(start: Start, provider: Provider) -> None:
    config = profiles(("own", provider))
    config["model_list"][0]["provider"] = "local"
    provider.behave[""] = [error(401), error(429, retry_after="7"), {}]
    async with start(config) as gateway:
        assert (await gateway.chat("own")).status_code == 503
        for _ in range(2):
            response = await gateway.chat("own")
            assert (response.status_code, response.headers["retry-after"]) == (429, "7")
    assert len(provider.received) == 2


# What is told.


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (
            400,
            {"error": {"message": TOO_LONG, "type": "a", "param": "messages", "code": "context_length_exceeded"}},
            {"message": TOO_LONG, "type": "a", "param": "messages", "code": "context_length_exceeded"},
        ),
        (
            422,
            {"object": "error", "message": "no", "type": "invalid", "param": None, "code": "3051"},
            {"message": "no", "type": "invalid", "param": None, "code": "3051"},
        ),
        (
            400,
            [{"error": {"code": 400, "message": "no", "status": "INVALID_ARGUMENT"}}],
            {"message": "no", "type": "invalid_request_error", "param": None, "code": 400},
        ),
        (
            400,
            {"error": "no"},
            {"message": "no", "type": "invalid_request_error", "param": None, "code": "provider_refused"},
        ),
        (
            404,
            {"error": {"message": "no", "type": "t", "param": "model", "code": "model_not_found"}},
            {"message": "no", "type": "t", "param": "model", "code": "model_not_found"},
        ),
        (
            500,
            {"error": {"message": "no", "type": "server_error", "code": {"odd": 1}}},
            {"message": "no", "type": "server_error", "param": None, "code": "no_provider"},
        ),
    ],
)
async def test_a_providers_error_keeps_what_it_says(
    start: Start, provider: Provider, status: int, body: Any, told: dict[str, Any]
) -> None:
    does = {"status": status, "body": json.dumps(body).encode(), "headers": {"x_request_id": "req_1"}}
    provider.behave[KEYS[0]] = [does]
    async with start(chain_of(provider), {"openai": KEYS[:1]}) as gateway:
        for stream in (False, True):
            response = await gateway.chat(stream=stream)
            got = response.json()["error"]
            assert response.status_code == status
            assert told.pop("message", "") in got.pop("message")
            assert got == told
            assert response.headers["x-provider-request-id"] == "req_1"


async def test_the_providers_request_id_is_told_and_logged(
    start: Start, provider: Provider, second: Provider, caplog: Any
) -> None:
    provider.behave[KEYS[0]] = [error(500, x_request_id="req_bad")]
    second.behave[OTHER] = [{"headers": {"x_request_id": "req_ok"}}, {"headers": {"request_id": "r\xe9q"}}]
    async with start(chain_of(provider, second), {"openai": KEYS[:1], "mistral": [OTHER]}) as gateway:
        response = await gateway.chat()
        assert response.headers["x-provider-request-id"] == "req_ok"
        assert response.headers["x-request-id"] == response.headers["x-trace-id"]
        assert any("req_bad" in record.getMessage() for record in caplog.records)
        assert "x-provider-request-id" not in (await gateway.chat()).headers
        refused = await gateway.chat("nobody")
        assert refused.headers["x-request-id"] == refused.headers["x-trace-id"]


@pytest.mark.parametrize("quarantine", [True, False])
async def test_a_rate_limit_is_told_as_one(
    start: Start, provider: Provider, second: Provider, quarantine: bool
) -> None:
    limited = {"type": "requests", "code": "rate_limit_exceeded"}
    for key, after in zip(KEYS[:2], ("20", "7"), strict=True):
        provider.behave[key] = [error(429, fields=limited, retry_after=after)]
    second.behave[OTHER] = [error(429, fields=limited), error(401)]
    config = chain_of(provider, second, key_management_settings={"enable_quarantine": quarantine})
    async with start(config, {"openai": [*KEYS[:2]], "mistral": [OTHER]}) as gateway:
        # Also while they rest; and when one of them turns out to be useless.
        for _ in range(3):
            response = await gateway.chat()
            assert (response.status_code, response.headers["retry-after"]) == (429, "7")
            assert response.json()["error"].items() >= limited.items()


async def test_a_rate_limit_beside_another_failure_is_503(start: Start, provider: Provider, second: Provider) -> None:
    provider.behave[KEYS[0]] = [error(429, retry_after="9")]
    second.behave[OTHER] = [error(500)]
    async with start(chain_of(provider, second), {"openai": KEYS[:1], "mistral": [OTHER]}) as gateway:
        response = await gateway.chat()
        assert (response.status_code, response.headers["retry-after"]) == (503, "9")
        assert response.json()["error"]["code"] == "no_provider"


@pytest.mark.parametrize(("left", "states"), [("29999", {"active": 2}), ("0", {"quarantined": 2})])
async def test_a_request_that_is_too_large_for_the_limit_rests_no_key(
    start: Start, provider: Provider, second: Provider, left: str, states: dict[str, int]
) -> None:
    limits = {"x_ratelimit_remaining_requests": "499", "x_ratelimit_remaining_tokens": left}
    for key in KEYS[:2]:
        provider.behave[key] = [error(429, "Request too large", {"code": "rate_limit_exceeded"}, **limits)]
    async with start(chain_of(provider, second), {"openai": KEYS[:2], "mistral": [OTHER]}) as gateway:
        assert (await gateway.chat()).headers["x-magicproxy-profile"] == "at-mistral"
        assert await gateway.states() == states
    assert len(provider.received) == sum(states.values()) - ("active" in states)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "20"}, 20),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "30.000000001"}, 30.000000001),
        ({"retry-after": " 0 "}, 0),
        ({"retry-after": "999999"}, 3600),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9),
        ({"retry-after": formatdate(NOW + 1000, usegmt=True)}, 1000),
        ({"retry-after": formatdate(0, usegmt=True)}, 0),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "1e400"}, None),
        ({"retry-after": "9" * 400}, 3600),
        ({"retry-after": "Fri, 99 Nov"}, None),
        ({"x-ratelimit-reset-requests": "1m30s"}, None),
        ({}, None),
    ],
)
def test_when_to_come_back_is_said_in_many_ways(
    monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], seconds: float | None
) -> None:
    monkeypatch.setattr(time, "time", lambda: NOW)
    assert failures.pause(headers) == (None if seconds is None else pytest.approx(seconds))


# Who is asked next.


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        (400, {"message": TOO_LONG, "code": "context_length_exceeded"}),
        (400, {"message": "prompt is too long: 210000 tokens > 200000 maximum"}),
        (400, {"message": "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."}),
        (422, {"message": "Prompt contains 40000 tokens, too large for model with 32768 maximum context length"}),
        (413, {"message": "request too large"}),
    ],
)
async def test_what_is_too_long_for_one_is_asked_of_the_next(
    start: Start, provider: Provider, second: Provider, status: int, fields: dict[str, Any]
) -> None:
    provider.behave[KEYS[0]] = [error(status, fields=fields)]
    async with start(chain_of(provider, second), {"openai": KEYS[:2], "mistral": [OTHER]}) as gateway:
        assert (await gateway.chat()).headers["x-magicproxy-profile"] == "at-mistral"
        assert await gateway.states() == {"active": 2}
        assert len(provider.received) == 1
        # When the others can't either, that it is too long is what the client can change.
        second.behave[OTHER] = [error(500)]
        provider.behave[KEYS[1]] = provider.behave[KEYS[0]]
        response = await gateway.chat()
        assert response.status_code == status
        assert fields["message"] in response.json()["error"]["message"]


REFUSED = [
    {"message": "Unsupported value", "param": "temperature", "code": "unsupported_value"},
    {"message": "`temperature` and `top_p` cannot both be specified for this model."},
    {"message": "no", "param": "reasoning_effort"},
]


@pytest.mark.parametrize("fields", REFUSED)
async def test_what_the_profile_itself_put_in_sends_nobody_away(
    start: Start, provider: Provider, second: Provider, fields: dict[str, Any]
) -> None:
    provider.behave[KEYS[0]] = [error(400, fields=fields)]
    config = chain_of(provider, second)
    config["model_list"][0]["model_params"] |= {"temperature": 0.5, "top_p": 0.5}
    config["model_list"][0]["agent_settings"] = {"reasoning_mode": "high"}
    async with start(config, {"openai": KEYS[:1], "mistral": [OTHER]}) as gateway:
        assert (await gateway.chat()).headers["x-magicproxy-profile"] == "at-mistral"
        # What the client itself asks for is its own business.
        own = await gateway.chat(temperature=0.1, top_p=0.1, reasoning_effort="low")
        assert (own.status_code, len(second.received)) == (400, 1)


async def test_one_limit_of_the_client_takes_the_place_of_both(start: Start, provider: Provider) -> None:
    config = chain_of(provider)
    config["model_list"][0]["model_params"] |= {"max_completion_tokens": 5}
    async with start(config, {"openai": KEYS[:1]}) as gateway:
        for more in ({}, {"max_tokens": 6}, {"max_completion_tokens": 7}):
            await gateway.chat(**more)
    limits = [{name: it for name, it in body.items() if name.startswith("max_")} for _, _, body in provider.received]
    assert limits == [{"max_completion_tokens": 5}, {"max_tokens": 6}, {"max_completion_tokens": 7}]


async def test_a_key_without_credit_sends_nobody_away(start: Start, provider: Provider, second: Provider) -> None:
    provider.behave[KEYS[0]] = [error(400, "Your credit balance is too low to access the API.")]
    async with start(chain_of(provider, second), {"openai": KEYS[:1], "mistral": [OTHER]}) as gateway:
        assert (await gateway.chat()).headers["x-magicproxy-profile"] == "at-mistral"


async def test_what_a_provider_says_is_cut(start: Start, provider: Provider) -> None:
    provider.behave[KEYS[0]] = [error(400, fields=dict.fromkeys(("code", "param", "type"), "x" * 15_000))]
    async with start(chain_of(provider), {"openai": KEYS[:1]}) as gateway:
        assert len((await gateway.chat()).content) < 2000


@pytest.mark.parametrize(("name", "told"), [("schnell-\u2603", "schnell-%E2%98%83"), ("a\nb", "a%0Ab"), ("a b", "a b")])
async def test_any_name_of_a_profile_fits_its_header(start: Start, provider: Provider, name: str, told: str) -> None:
    async with start(profiles((name, provider)), {"openai": KEYS[:1]}) as gateway:
        assert (await gateway.chat(name)).headers["x-magicproxy-profile"] == told


# What can be asked now.


@pytest.mark.parametrize(("status", "gone"), [(401, "retired"), (429, "quarantined"), (None, None)])
async def test_chat_is_ready_while_one_profile_can_be_asked(
    start: Start, provider: Provider, second: Provider, status: int | None, gone: str | None
) -> None:
    for one in (provider, second):
        one.behave[KEYS[0]] = [error(status or 200)]
    # Both with one key; without a status nobody listens at either of them.
    at = (provider, second) if status else (f"http://{NOBODY}/v1", f"http://127.0.0.2:{NOBODY.split(':')[1]}/v1")
    config = profiles(("here", at[0]), ("there", at[1]))
    async with start(config, {"openai": KEYS[:1]}) as gateway:
        for name, ready in (("", 200), ("here", 200), ("there", 503)):
            if name:
                assert (await gateway.chat(name)).status_code in (401, 429, 503)
            page = await gateway.client.get("/health/ready/chat")
            assert (page.status_code, page.json()["keys"] == "ok") == (ready, ready == 200)
        # However it looks to who counts keys: each is in its worst state.
        assert await gateway.states() == {gone or "active": 1}


# What goes where.


async def test_cookies_for_one_key_do_not_go_out_with_another(start: Start, provider: Provider) -> None:
    for key in KEYS[:2]:
        provider.behave[key] = [{"headers": {"set_cookie": f"__cf_bm={key[-4:]}; path=/"}}]
    async with start(chain_of(provider), {"openai": KEYS[:2]}) as gateway:
        for _ in range(4):
            await gateway.chat()
    assert [head.get("cookie") for head in provider.heads] == [None] * 4


@pytest.mark.parametrize("sample", ["sk-...", "changeme", "your-key-here", "OPENAI_API_KEY=<key>", "sk-xxxxxxxx"])
async def test_a_placeholder_is_no_key(start: Start, provider: Provider, caplog: Any, sample: str) -> None:
    word = sample.split("=")[-1]
    provider.behave[KEYS[0]] = [error(400, f"say {word} once")]
    async with start(chain_of(provider), {"openai": [sample]}) as gateway:
        assert (await gateway.chat()).status_code == 503
        assert not provider.received
        (gateway.gateway.keys.folder / "keys_pool_openai.env").write_text(f"{sample}\n{KEYS[0]}\n")
        gateway.gateway.reload()
        assert f"say {word} once" in (await gateway.chat()).json()["error"]["message"]
    assert provider.asked_with() == [KEYS[0]]


@pytest.mark.parametrize(
    "sent",
    [{"message": "overloaded", "type": "overloaded_error", "code": "x", "param": None, "more": [1]}, {"code": 5}],
)
async def test_an_error_in_a_stream_keeps_its_fields(start: Start, provider: Provider, sent: dict[str, Any]) -> None:
    event = f"data: {json.dumps({'error': sent})}\n\n".encode()
    provider.behave[KEYS[0]] = [{"stream": [STREAM[0], event]}]
    async with start(chain_of(provider), {"openai": KEYS[:1]}) as gateway:
        *_, last = await gateway.stream()
    assert last["error"].items() >= sent.items()
    assert last["error"].keys() >= {"message", "type", "code", "param"}


async def test_pacing_is_gone_and_its_word_is_told_of_once(start: Start, provider: Provider, caplog: Any) -> None:
    data = [chunk("a long piece of text that came at once" * 1000), *STREAM]
    provider.behave[KEYS[0]] = [{"stream": data}]
    config = chain_of(provider) | {"streaming_settings": {"typewriter_mode": "proxy"}}
    async with start(config, {"openai": KEYS[:1]}) as gateway:
        for _ in range(2):
            assert (await gateway.chat(stream=True)).content == b"".join(data)
    assert sum("typewriter_mode" in record.getMessage() for record in caplog.records) == 1
