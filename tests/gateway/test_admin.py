"""/admin, the cache and the traces: what changes at run time and what is told of it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import CACHED, Start, chain_of, eventually
from provider import STREAM, Provider, error

KEY = "sk-admin-0001"
ADMIN = {"authorization": "Bearer adm-0123456789"}
ENV = {"admin.env": "ADMIN_API_KEY=adm-0123456789\n"}


async def test_the_file_is_read_again_or_refused(start: Start, provider: Provider) -> None:
    async with start(chain_of(provider), {"openai": [KEY]}, env=ENV) as gateway:
        admin, path = gateway.client, gateway.gateway.path
        admin.headers.update(ADMIN)
        before = (await admin.get("/admin/config")).text
        assert before == gateway.gateway.text == path.read_text()
        # Not before it is asked for.
        after = before.replace("chain:", "other:")
        path.write_text(after)
        assert (await gateway.chat("chain")).status_code == 200
        assert (await admin.post("/admin/reload")).json()["models"][0] == "other"
        assert (await gateway.chat("other")).status_code == 200
        assert (await gateway.chat("chain")).status_code == 404
        unknown = after.encode() + b"oops: 1\n"
        for wrong, line in ((b"model_list: 5", 1), (unknown, unknown.count(b"\n")), (b"\xff", "")):
            path.write_bytes(wrong)
            response = await admin.post("/admin/reload")
            assert (response.status_code, response.json()["error"]["code"]) == (400, "invalid_config")
            assert f"proxy_config.yaml:{line}: " in response.json()["error"]["message"] or not line
            assert (await admin.get("/admin/config")).text == after
            assert (await gateway.chat("other")).status_code == 200


async def test_keys_are_counted_and_never_shown(start: Start, provider: Provider) -> None:
    provider.behave[KEY] = [error(401)]
    keys = {"openai": [KEY, "sk-admin-0002"], "google": []}
    config = chain_of(provider)
    config["definitions"] = {"mistake": KEY}
    async with start(config, keys, env=ENV) as gateway:
        gateway.client.headers.update(ADMIN)
        await gateway.chat()
        await gateway.chat()
        response = await gateway.client.get("/admin/keys")
        none = {"active": 0, "quarantined": 0, "retired": 0}
        assert response.json() == {"google": none, "openai": {"active": 1, "quarantined": 0, "retired": 1}}
        assert KEY not in response.text
        assert KEY not in (await gateway.client.get("/admin/config")).text


async def test_the_same_question_is_asked_once(start: Start, provider: Provider, redis: str) -> None:
    rules = [{"models": ["cha*"], "include": ["messages"], "ttl_seconds": 100}]
    config = chain_of(provider, cache_settings={"enabled": True, "rules": rules})
    end = b'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\n'
    provider.behave[KEY] = [{"stream": [*STREAM[:-1], end, STREAM[-1]]}]
    async with start(config, {"openai": [KEY]}, redis=redis) as gateway:
        store = gateway.gateway.stores.redis
        await store.flushall()

        async def asked(model: str = "chain", **more: object) -> int:
            before = len(provider.received)
            first = await gateway.chat(model, **more)
            await eventually(lambda: not gateway.gateway.cache._writes)
            second = await gateway.chat(model, **more)
            assert first.content == second.content
            assert (second.headers.get("x-magicproxy-cache") == "hit") is (len(provider.received) - before < 2)
            return len(provider.received) - before

        assert await asked() == 1
        # Of a field that the rule leaves out nothing depends; of the form of the answer it does.
        assert await asked(seed=5) == 0
        assert await asked(stream=True) == 1
        assert await asked(messages=[{"role": "user", "content": "other"}]) == 1
        # No rule, no cache.
        assert await asked("at-openai") == 2
        keys = await store.keys()
        assert len(keys) == 3
        for key in keys:
            assert key.startswith(b"cache:")
            assert 0 < await store.ttl(key) <= 100


async def test_an_answer_that_failed_is_not_kept(start: Start, provider: Provider, redis: str) -> None:
    provider.behave[KEY] = [error(400), {}]
    async with start(chain_of(provider, cache_settings=CACHED), {"openai": [KEY]}, redis=redis) as gateway:
        await gateway.gateway.stores.redis.flushall()
        assert [(await gateway.chat()).status_code for _ in range(2)] == [400, 200]


async def test_a_trace_goes_on_and_its_id_is_told(start: Start) -> None:
    parent = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"
    async with start(chain_of()) as gateway:
        response = await gateway.client.get("/v1/models", headers={"traceparent": parent})
        assert response.headers["x-trace-id"] == parent.split("-")[1]
        for odd in ("", "00-xyz", "\N{LATIN SMALL LETTER E WITH ACUTE}".encode()):
            response = await gateway.client.get("/v1/models", headers={"traceparent": odd})
            assert len(response.headers["x-trace-id"]) == 32


SPANS = """
import asyncio
from magic_proxy import logs, secrets, tracing
logs.set_up(); tracing.set_up(); secrets.remember(["sk-traced-0001"])
try:
    with tracing.span("outer", "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"):
        with tracing.span("inner"):
            raise ValueError("no sk-traced-0001")
except ValueError:
    pass
"""


@pytest.mark.parametrize("exporter", ["none", "console"])
def test_spans_are_exported_when_asked_for_and_hold_no_key(exporter: str) -> None:
    environment = {**os.environ, "OTEL_TRACES_EXPORTER": exporter}
    root = Path(__file__).parents[2]
    script = SPANS + "import sys; print('opentelemetry.exporter' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=root, env=environment, capture_output=True, text=True)
    # Spans come at the process's end.
    loaded, *lines = done.stdout.splitlines()
    assert "sk-traced" not in done.stdout + done.stderr
    assert loaded == "False"
    spans = [json.loads(line) for line in lines]
    assert [span["name"] for span in spans] == (["inner", "outer"] if exporter == "console" else [])
    if spans:
        assert {span["context"]["trace_id"] for span in spans} == {"0x0123456789abcdef0123456789abcdef"}
        assert spans[0]["status"]["description"] == "ValueError: no ***"
