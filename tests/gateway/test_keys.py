"""Rotation, quarantine and return, retirement, fallback: each shown by what the provider received."""

import pytest
from conftest import Start, chain_of, eventually
from provider import Provider, error

KEYS = ["sk-first-0001", "sk-second-0002", "sk-third-0003"]


async def test_keys_are_used_in_turn(start: Start, provider: Provider) -> None:
    async with start(chain_of(provider), {"openai": KEYS}) as gateway:
        for _ in range(4):
            assert (await gateway.chat()).json()["choices"][0]["message"]["content"] == "hello from afar"
    assert provider.asked_with() == [*KEYS, KEYS[0]]
    assert provider.received[0][1:] == (
        "/v1/chat/completions",
        {"model": "openai-model", "messages": [{"role": "user", "content": "hello"}]},
    )


@pytest.mark.parametrize(
    "answer",
    [
        error(401, "Incorrect API key provided"),
        {
            "status": 400,
            "body": b'[{"error":{"message":"no","details":[{"reason":"API_KEY_INVALID"}]}}]',
        },
    ],
)
async def test_an_invalid_key_is_never_used_again(start: Start, provider: Provider, answer: dict) -> None:
    provider.behave[KEYS[0]] = [answer]
    async with start(chain_of(provider), {"openai": KEYS[:2]}) as gateway:
        for _ in range(3):
            assert (await gateway.chat()).status_code == 200
        assert await gateway.states() == {"active": 1, "retired": 1}
    assert provider.asked_with() == [KEYS[0], KEYS[1], KEYS[1], KEYS[1]]


@pytest.mark.parametrize("quoted", ["say API_KEY_INVALID", "API key not valid", '"reason":"API_KEY_INVALID"'])
async def test_a_quoted_word_retires_no_key(start: Start, provider: Provider, quoted: str) -> None:
    provider.behave[KEYS[0]] = [error(400, f"your text is odd: {quoted}")]
    async with start(chain_of(provider), {"openai": KEYS[:2]}) as gateway:
        assert (await gateway.chat()).status_code == 400
        assert await gateway.states() == {"active": 2}


async def test_a_busy_key_rests_and_returns(start: Start, provider: Provider) -> None:
    provider.behave[KEYS[0]] = [error(429), {}]
    config = chain_of(provider, key_management_settings={"quarantine_seconds": 0.5})
    async with start(config, {"openai": KEYS[:2]}) as gateway:
        assert (await gateway.chat()).status_code == 200
        assert await gateway.states() == {"active": 1, "quarantined": 1}
        assert (await gateway.chat()).status_code == 200
        assert provider.asked_with() == [KEYS[0], KEYS[1], KEYS[1]]
        await eventually(lambda: gateway.gateway.keys.counts()["openai"]["active"] == 2)
        await gateway.chat()
        await gateway.chat()
    assert KEYS[0] in provider.asked_with()[3:]


async def test_quarantine_can_be_off(start: Start, provider: Provider) -> None:
    provider.behave[KEYS[0]] = [error(429)]
    config = chain_of(provider, key_management_settings={"enable_quarantine": False})
    async with start(config, {"openai": KEYS[:2]}) as gateway:
        for _ in range(2):
            assert (await gateway.chat()).status_code == 200
        assert await gateway.states() == {"active": 2}
    assert KEYS[0] in provider.asked_with()


async def test_a_bad_request_goes_back_and_harms_no_key(start: Start, provider: Provider, second: Provider) -> None:
    provider.behave[KEYS[0]] = [error(400, "max_tokens is too large")]
    async with start(chain_of(provider, second), {"openai": KEYS, "mistral": ["sk-other-0001"]}) as gateway:
        response = await gateway.chat()
        assert response.status_code == 400
        assert "max_tokens is too large" in response.json()["error"]["message"]
        assert await gateway.states() == {"active": 3}
    assert (provider.asked_with(), second.asked_with()) == ([KEYS[0]], [])


async def test_the_next_profile_takes_over(start: Start, provider: Provider, second: Provider) -> None:
    for key in KEYS[:2]:
        provider.behave[key] = [error(429)]
    async with start(chain_of(provider, second), {"openai": KEYS[:2], "mistral": ["sk-other-0001"]}) as gateway:
        response = await gateway.chat()
        assert response.status_code == 200
        assert response.headers["x-magicproxy-profile"] == "at-mistral"
        await gateway.chat()
    # All of the first profile's keys, then the second's; the second time none of the first's is left to try.
    assert (provider.asked_with(), second.asked_with()) == (KEYS[:2], ["sk-other-0001"] * 2)
    assert second.received[0][2]["model"] == "mistral-model"


async def test_a_model_that_a_provider_lacks_harms_no_key(start: Start, provider: Provider, second: Provider) -> None:
    provider.behave[KEYS[0]] = [error(404)]
    async with start(chain_of(provider, second), {"openai": KEYS, "mistral": ["sk-other-0001"]}) as gateway:
        assert (await gateway.chat()).status_code == 200
        assert await gateway.states() == {"active": 3}
    assert len(provider.asked_with()) == 1


async def test_an_exhausted_chain_is_503_and_an_empty_pool_too(start: Start, provider: Provider) -> None:
    provider.behave[KEYS[0]] = [error(429)]
    async with start(chain_of(provider, provider), {"openai": KEYS[:1]}) as gateway:
        for stream in (False, True):
            response = await gateway.chat(stream=stream)
            assert response.status_code == 503
            told = response.json()["error"]
            assert told["type"] == "service_unavailable_error"
            assert "keys_pool_mistral.env" in told["message"]


async def test_a_new_key_is_used_after_a_reload(start: Start, provider: Provider) -> None:
    async with start(chain_of(provider), {"openai": []}) as gateway:
        assert (await gateway.chat()).status_code == 503
        path = gateway.gateway.keys.folder / "keys_pool_openai.env"
        path.write_text(f"# mine\n\nOPENAI_KEY='{KEYS[1]}'\nwith a space\n")
        gateway.gateway.reload()
        assert (await gateway.chat()).status_code == 200
    assert provider.asked_with() == [KEYS[1]]


async def test_profiles_that_share_keys_begin_with_different_ones(start: Start, provider: Provider) -> None:
    config = chain_of(provider)
    config["model_list"] = [{**config["model_list"][0], "model_name": name} for name in "abc"]
    config["router_settings"]["model_group_alias"] = {}
    async with start(config, {"openai": KEYS}) as gateway:
        for name in "abc":
            assert (await gateway.chat(name)).status_code == 200
    assert sorted(provider.asked_with()) == KEYS
