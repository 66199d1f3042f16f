"""Clients with names: who may ask for what, how often and how much, also when the file of them is odd."""

import asyncio
import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Running, Start, chain_of, eventually
from provider import Provider

from magic_proxy import clients, config, gateway, limits
from magic_proxy.limits import Limits

KEYS = {"openai": ["sk-clients-0001"]}
ADMIN = "admin-0123456789"
ALICE, BOB = "alice-0123456789", "bob-0123456789"


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def env(*clients: dict[str, Any]) -> dict[str, str]:
    """An admin, and `clients`: the first is alice, the second bob."""
    named = [{"name": name, "key": key} for name, key in (("alice", ALICE), ("bob", BOB))]
    listed = [{**who, **more} for who, more in zip(named, clients, strict=False)]
    return {"admin.env": ADMIN, "gateway.yaml": yaml.safe_dump({"clients": listed})}


async def ask(one: Running, key: str, model: str = "chain", **more: Any) -> tuple[int, str | None]:
    """The status, and the code of the error."""
    one.client.headers.update(bearer(key))
    response = await one.chat(model, **more)
    return response.status_code, response.json()["error"]["code"] if response.status_code != 200 else None


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a Redis that is there may be slow."""
    monkeypatch.setattr(limits, "ANSWER_WITHIN", 20)


ONE = "clients:\n- name: carol\n  key: carol-0123456789\n"
ODD = [
    "",
    "\n# only a comment\n",
    "clients:\n",
    "clients: []\n",
    "clients: {carol: carol-0123456789}\n",
    "- name: carol\n",
    "carol-0123456789",
    "clients:\n- name: carol\n",
    "clients:\n- key: carol-0123456789\n",
    "clients:\n- carol-0123456789: carol\n  name: carol\n",
    "clients:\n- name: carol-0123456789 x\n  key: short\n",
    "clients:\n- name: carol\n  key: 'carol 0123456789'\n",
    "clients:\n- name: carol\n  key: 1234567890\n",
    "clients:\n- name: c.d\n  key: carol-0123456789\n",
    "clients:\n- name: carol\n  key: s\u00e9cret-0123456789\n",
    ONE + "  key: other-0123456789\n",
    ONE + "- name: dan\n  key: carol-0123456789\n",
    ONE + "- name: carol\n  key: other-0123456789\n",
    ONE + f"- name: dan\n  key: {ADMIN}\n",
    ONE + "  requests_per_minute: 0\n",
    ONE + "  requests_per_minute: yes\n",
    ONE + "  tokens_per_day: -1\n",
    ONE + "  tokens_per_month: 1e6\n",
    ONE + "  tokens_per_week: 1\n",
    ONE + "  models: chain\n",
    ONE + "  metrics: 1\n",
    ONE + "  x: [\n",
    ONE + "  key\n  carol-0123456789\n",
    "clients:\n- name: carol\n  key: *carol-0123456789\n",
    "clients:\n- name: carol\n  key: !carol-0123456789 x\n",
    "clients:\n- name: carol\n  key: &carol-0123456789 *x\n",
    "clients:\n- name: carol\n  key: %0123456789\n",
    "clients:\n- name: carol\n  pa:0123456789,x#y: z\n",
    "clients:\n- name: carol\n  'a\n\n    0123456789': z\n",
    "clients:\n- name: carol\n  10123456789: z\n",
    "10123456789: z\n",
    "clients:\n- name: carol\n  a,0123456789: 1\n  a,0123456789: 1\n",
    ONE.replace("name: carol", "name: unknown"),
    ONE.replace("name: carol", "name: anyone"),
    "# " + "x" * 200_000,
]


def make(path: Path, kind: str) -> None:
    if kind == "folder":
        path.mkdir()
    elif kind == "link":
        path.symlink_to("nowhere")
    elif kind == "loop":
        path.symlink_to(path.name)
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "latin":
        path.write_bytes(ONE.encode() + b"# \xe9\n")
    elif kind != "gone":
        path.write_text(kind)


@pytest.mark.parametrize("kind", [*ODD, "folder", "link", "loop", "pipe", "latin", "gone"])
async def test_an_odd_file_of_clients_opens_nothing(start: Start, kind: str) -> None:
    async with start(chain_of(), env=env({}, {})) as one:
        path = one.gateway.keys.folder.parent / "env" / "gateway.yaml"
        path.unlink()
        make(path, kind)
        response = await one.client.post("/admin/reload", headers=bearer(ADMIN))
        assert response.status_code == 400
        assert "gateway.yaml" in response.text
        assert "0123456789" not in response.text
        assert [await ask(one, key, "echo") for key in (ALICE, "carol-0123456789")] == [
            (200, None),
            (401, "invalid_api_key"),
        ]
        # Nor does it start with it.
        if kind != "gone":
            with pytest.raises(config.ConfigError, match=r"gateway\.yaml"):
                gateway.Gateway()


@pytest.mark.parametrize("secret", ["a:b,c#d", "Sup3rSecretKey99", "x,y", "q#r"])
@pytest.mark.parametrize(
    "line", ["key: *{}", "key: !{} x", "'{}': x", "{}: x", "k{}ey: x", "key: [{}", "? '{}'\n  : x"]
)
def test_what_is_wrong_is_told_without_a_word_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, secret: str
) -> None:
    monkeypatch.setenv("TOOL_KEYS", str(tmp_path))
    (tmp_path / "gateway.yaml").write_text(f"clients:\n- name: carol\n  {line.format(secret)}\n")
    with pytest.raises(config.ConfigError) as failed:
        clients.listed()
    told = str(failed.value).replace(str(tmp_path), "")
    assert re.match(r"/gateway\.yaml:\d+: ", told)
    assert not any(part in told for part in (secret, *re.findall(r"\w{4,}", secret)))


@pytest.mark.parametrize("kind", ["link", "loop", "a file"])
def test_a_folder_of_keys_that_is_none_opens_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    folder = tmp_path / "env"
    monkeypatch.setenv("TOOL_KEYS", str(folder))
    assert (clients.there("gateway.yaml"), clients.listed()) == (None, [])
    make(folder, kind)
    for read in (clients.listed, lambda: clients.env_key("admin.env", "ADMIN_API_KEY")):
        with pytest.raises(config.ConfigError, match=str(folder)):
            read()


async def test_slow_bodies_take_no_more_places_than_the_rate(start: Start, provider: Provider) -> None:
    config = chain_of(provider, router_settings={"max_parallel_requests": 4})
    async with start(config, KEYS, env=env({"requests_per_minute": 1}, {})) as one:
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ALICE}\r\n"
        opened = []
        for _ in range(4):
            reader, writer = await asyncio.open_connection("127.0.0.1", int(one.url.rsplit(":", 1)[1]))
            writer.write(f"{head}Content-Length: 9\r\n\r\n{{".encode())
            opened.append((reader, writer))
            if len(opened) > 1:
                assert b" 429 " in await asyncio.wait_for(reader.readline(), 10)
            else:
                await eventually(lambda: one.servers[0].gate.active[False] == 1)
        assert await ask(one, BOB) == (200, None)
        assert await ask(one, ALICE) == (429, "rate_limit_exceeded")
        for _, writer in opened:
            writer.close()
        # They have left: another one may come.
        await eventually(lambda: not +one.servers[0].gate._coming)
        assert (await ask(one, ALICE))[1] == "store_away"
        assert not +one.servers[0].gate._coming


async def test_who_may_use_no_model_may_use_no_tools(start: Start) -> None:
    async with start(chain_of(), env=env({"metrics": True, "models": []}, {})) as one:
        for key, status in ((ALICE, 403), (BOB, 200)):
            response = await one.client.post(f"{one.tools}/tools/clock", json={}, headers=bearer(key))
            assert response.status_code == status
        assert (await one.client.post(f"{one.tools}/mcp", json={}, headers=bearer(ALICE))).status_code == 403
        # Agents ask with a key that may.
        assert one.gateway.client_key == BOB


@pytest.mark.parametrize("text", [ONE, "\ufeff" + ONE, ONE.replace("\n", "\r\n"), ONE + "  models: []\n"])
async def test_a_plain_file_of_clients_is_read_beside_the_one_key(start: Start, text: str) -> None:
    files = {"gateway.env": "GATEWAY_API_KEY=plain-0123456789", "gateway.yaml": text}
    async with start(chain_of(), env=files) as one:
        for key in ("plain-0123456789", "carol-0123456789"):
            assert (await one.client.get("/v1/models", headers=bearer(key))).status_code == 200
            assert (await one.client.get(f"{one.tools}/", headers=bearer(key))).status_code == 200
        assert (await one.client.get("/v1/models", headers=bearer("else-0123456789"))).status_code == 401
        # Agents ask mcp-server with the first.
        assert one.gateway.client_key == "plain-0123456789"


async def test_a_client_has_the_models_that_its_file_says(start: Start, provider: Provider) -> None:
    async with start(chain_of(provider), KEYS, env=env({"models": ["ec*"]}, {})) as one:
        assert await ask(one, ALICE, "echo") == (200, None)
        assert await ask(one, BOB, "chain") == (200, None)
        for model in ("chain", "at-openai", "nothing", "*", "ECHO"):
            assert await ask(one, ALICE, model) == (404, "model_not_found"), model
        body = {"model": "chain", "input": "x"}
        for path in ("/v1/react/sessions", "/v1/embeddings"):
            assert (await one.client.post(path, json=body, headers=bearer(ALICE))).status_code == 404
        for key, names in ((ALICE, ["echo"]), (BOB, ["chain", "at-openai", "echo"])):
            listed = await one.client.get("/v1/models", headers=bearer(key))
            assert [model["id"] for model in listed.json()["data"]] == names
            for name in ("echo", "chain", "nothing", "a/b", "%F0%9F%98%80", ""):
                response = await one.client.get(f"/v1/models/{name}", headers=bearer(key))
                if name in names:
                    assert response.json() == next(m for m in listed.json()["data"] if m["id"] == name)
                else:
                    assert response.status_code == 404
                    assert response.json()["error"]["type"] == "not_found_error"
    assert len(provider.received) == 1


async def test_a_models_name_may_hold_slashes(start: Start) -> None:
    config = chain_of()
    config["model_list"][0]["model_name"] = "org/echo"
    config["router_settings"]["model_group_alias"] = {"a b": ["org/echo"]}
    async with start(config) as one:
        for path, name in (("org/echo", "org/echo"), ("org%2Fecho", "org/echo"), ("a%20b", "a b")):
            response = await one.client.get(f"/v1/models/{path}")
            assert (response.status_code, response.json().get("id")) == (200, name)


@pytest.mark.parametrize("most", [1, 3])
async def test_the_rate_holds_to_the_edge_across_gateways(
    start: Start, provider: Provider, redis: str, most: int
) -> None:
    files = env({"requests_per_minute": most}, {})
    async with (
        start(chain_of(provider), KEYS, redis=redis, env=files) as one,
        start(chain_of(provider), KEYS, redis=redis, env=files) as two,
    ):
        store = one.gateway.stores.redis
        await store.flushall()
        asked = await asyncio.gather(*(ask(at, ALICE) for at in (one, two) * (most + 1)))
        assert sorted(status for status, _ in asked) == [200] * most + [429] * (most + 2)
        response = await one.chat()
        assert response.json()["error"]["code"] == "rate_limit_exceeded"
        assert response.json()["error"]["type"] == "rate_limit_error"
        assert 0 < int(response.headers["retry-after"]) <= 60
        # What is refused does not count, and another client is another matter. What is not asked of a model is free.
        assert await ask(two, BOB) == (200, None)
        assert (await one.client.get("/v1/models")).status_code == 200
        # Then the minute of the first has passed.
        entries = await store.zrange("rate:alice", 0, -1, withscores=True)
        assert len(entries) == most
        await store.zadd("rate:alice", {entries[0][0]: entries[0][1] - 60_001})
        assert [await ask(two, ALICE) for _ in range(2)] == [(200, None), (429, "rate_limit_exceeded")]
        # A limit that was lowered holds at once.
        lower = Limits(store)
        client = one.gateway.client_named("alice").model_copy(update={"requests_per_minute": most + 1})
        await lower.admit(client)
        for number in (most, 1):
            with pytest.raises(limits.ApiError) as refused:
                await lower.admit(client.model_copy(update={"requests_per_minute": number}))
            assert 0 < int(refused.value.headers["retry-after"]) <= 60
        assert 0 < await store.pttl("rate:alice") <= 60_000
