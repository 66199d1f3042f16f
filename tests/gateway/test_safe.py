"""What nobody may do: take keys elsewhere, come in because a file is odd, or stop the gateway with a few bytes."""

import asyncio
import json
import logging
import os
from pathlib import Path
from textwrap import indent

import pytest
import yaml
from conftest import Start, chain_of
from provider import Provider

from magic_proxy import bodies, config, gateway, secrets, server, tools, tracing
from magic_proxy.errors import ApiError
from magic_proxy.logs import JsonFormatter

KEYS = {"openai": ["sk-safe-0001"]}
CLIENT, ADMIN = "client-0123456789", "admin-0123456789"
ENV = {"gateway.env": f"GATEWAY_API_KEY={CLIENT}\n", "admin.env": f"{ADMIN}\n"}
PAGES = [("GET", "/admin/config"), ("POST", "/admin/reload"), ("GET", "/admin/keys")]


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"} if key else {}


@pytest.mark.parametrize(
    ("env", "statuses"),
    [
        # Without a key, with the client's, with the admin's.
        ({}, (404, 404, 404)),
        ({"gateway.env": ENV["gateway.env"]}, (404, 404, 404)),
        ({"admin.env": ENV["admin.env"]}, (401, 401, 200)),
        (ENV, (401, 403, 200)),
    ],
)
async def test_admin_is_for_its_own_key_alone(
    start: Start, provider: Provider, env: dict[str, str], statuses: tuple[int, ...]
) -> None:
    async with start(chain_of(provider), KEYS, env=env) as one:
        before = one.gateway.text
        for method, path in PAGES:
            for key, status in zip(("", CLIENT, ADMIN), statuses, strict=True):
                response = await one.client.request(method, path, headers=bearer(key))
                assert response.status_code == status, (method, path, key)
        assert one.gateway.text == before
        # And the admin's key is none of a client's.
        if "gateway.env" in env:
            assert (await one.client.get("/v1/models", headers=bearer(ADMIN))).status_code == 401


async def test_nothing_but_the_file_changes_the_configuration(start: Start, provider: Provider) -> None:
    async with start(chain_of(provider), KEYS, env=ENV) as one:
        before, other = one.gateway.text, b"model_list: []"
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            response = await one.client.request(method, "/admin/config", content=other, headers=bearer(ADMIN))
            assert response.status_code == 405
        assert (await one.client.get("/admin/config", headers=bearer(ADMIN))).text == before == one.gateway.text
        # Nor does what is sent along with a reload.
        response = await one.client.post("/admin/reload", content=other, headers=bearer(ADMIN))
        assert (response.status_code, one.gateway.text) == (200, before)


@pytest.mark.parametrize(
    ("base", "fine"),
    [
        ("https://api.example.com/v1", True),
        ("http://127.0.0.1:8000/v1", True),
        ("http://10.1.2.3/v1", True),
        ("http://[::1]:8000", True),
        ("http://vllm:8000/v1", True),
        ("http://host.docker.internal:8000", True),
        ("http://api.example.com/v1", False),
        ("http://8.8.8.8", False),
        ("http://169.254.169.254/v1", False),
        ("http://0.0.0.0", False),
        ("http://localhost@8.8.8.8/v1", False),
        ("http://8.8.8.8\\@localhost/v1", False),
        ("http://127.0.0.1.example.com", False),
        ("http://localhost?@8.8.8.8/", False),
        ("http://[::ffff:8.8.8.8]/", False),
    ],
)
def test_without_tls_keys_stay_near(base: str, fine: bool) -> None:
    for provider, told in (("openai", not fine), ("local", False)):
        profile = {"model_name": "a", "provider": provider, "model_params": {"model": "m", "api_base": base}}
        try:
            config.parse(yaml.safe_dump({"model_list": [profile]}), "f")
            failed = ""
        except config.ConfigError as error:
            failed = str(error)
        assert bool(failed) is told, failed


ODD = [
    "",
    "\n# only a comment\n",
    "GATEWAY_API_KEY=\n",
    'GATEWAY_API_KEY=""\n',
    "GATEWAY_API_KEY = secret1\n",
    "GATEWAY_API_KEY: secret1\n",
    "gateway_api_key=secret1\n",
    "OTHER=abc\n",
    "GATEWAY_API_KEY=secret1 # rotate me\n",
    "GATEWAY_API_KEY=secret1\nGATEWAY_API_KEY=secret2\n",
    "GATEWAY_API_KEY=s\u00e9cret\n",
]


def make_odd(path: Path, kind: str) -> None:
    if kind == "folder":
        path.mkdir()
    elif kind == "link":
        path.symlink_to("nowhere")
    elif kind == "loop":
        path.symlink_to(path.name)
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.write_text(kind)


@pytest.mark.parametrize("file", ["gateway.env", "admin.env"])
@pytest.mark.parametrize("kind", [*ODD, "folder", "link", "loop", "pipe"])
async def test_an_odd_key_file_opens_nothing(start: Start, file: str, kind: str) -> None:
    async with start(chain_of(), env=ENV) as one:
        path = one.gateway.keys.folder.parent / "env" / file
        path.unlink()
        make_odd(path, kind.replace("GATEWAY", "ADMIN").replace("gateway", "admin") if "admin" in file else kind)
        response = await one.client.post("/admin/reload", headers=bearer(ADMIN))
        assert response.status_code == 400
        assert file in response.json()["error"]["message"]
        assert (one.gateway.client_key, one.gateway.admin_key) == (CLIENT, ADMIN)
        # Nor does it start with it.
        with pytest.raises(config.ConfigError, match=file):
            gateway.Gateway()


async def test_a_key_file_that_goes_away_opens_nothing_either(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with start(chain_of(), env=ENV) as one:
        assert "clients need the key" in caplog.text
        path = one.gateway.keys.folder.parent / "env" / "gateway.env"
        path.unlink()
        assert (await one.client.post("/admin/reload", headers=bearer(ADMIN))).status_code == 400
        assert (await one.client.get("/v1/models")).status_code == 401
        # One that nobody may read.
        path.write_text("x")
        with pytest.MonkeyPatch.context() as patch:

            def denied(_: Path) -> None:
                raise PermissionError(13, "Permission denied")

            patch.setattr(secrets, "read", denied)
            with pytest.raises(config.ConfigError, match="Permission denied"):
                gateway.Gateway()
        path.write_text(f"GATEWAY_API_KEY={ADMIN}")
        with pytest.raises(config.ConfigError, match="the same key"):
            gateway.Gateway()
        path.unlink()
        caplog.clear()
        gateway.Gateway()
        assert "clients need no key" in caplog.text


@pytest.mark.parametrize("text", ["GATEWAY_API_KEY=k==\n", "k==", "export  GATEWAY_API_KEY='k=='", "A_B=1\nk==\n"])
def test_plain_key_files_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("TOOL_KEYS", str(tmp_path))
    (tmp_path / "gateway.env").write_text(text)
    assert gateway.env_key("gateway.env", "GATEWAY_API_KEY") == "k=="


def levels(line: str) -> str:
    return "definitions:\n  a0: &a0 {k: 1}\n" + "".join(
        f"  a{n}: &a{n}\n    {line.format(', '.join([f'*a{n - 1}'] * 10))}\n" for n in range(1, 20)
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (levels("<<: [{}]"), "too many nodes"),
        (levels("x: [{}]"), "too many nodes"),
        ("".join(f"{' ' * n}d{n}:\n" for n in range(14)) + indent(levels("<<: [{}]"), " " * 14), "too many nodes"),
        ("a: [" + "1," * 30_000 + "]", "too many nodes"),
        ("# " + "x" * 200_000, "longer than"),
        ("? [a, b]\n: 1", "no plain text"),
        ("? {a: b}\n: 1", "no plain text"),
        ("a: &a\n  <<: *a\n", "extra inputs"),
        ("a: &a\n  k: 1\n" + "  <<: *a\n" * 64, "there twice"),
        ("a: &a\n" + "".join(f"  k{n}: 1\n" for n in range(200)) + f"  <<: [{'*a,' * 200}]\n", "too many nodes"),
    ],
)
def test_no_text_costs_more_than_its_nodes(text: str, told: str) -> None:
    # Outside of pytest's sight, which would print all nodes of a bomb.
    found = ""
    try:
        config.parse(text, "f")
    except config.ConfigError as error:
        found = str(error)
    assert told in found


async def test_a_body_that_does_not_come_gives_its_place_back(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "WITHIN", 0.2)
    async with start(chain_of(), env=ENV) as one:
        for url, path, key in (
            (one.url, "/v1/chat/completions", CLIENT),
            (one.tools, "/tools/clock", CLIENT),
            (one.tools, "/mcp", CLIENT),
        ):
            reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rsplit(":", 1)[1]))
            head = [f"POST {path} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {key}", "Content-Length: 99"]
            writer.write("\r\n".join([*head, "", "{"]).encode())
            assert b" 408 " in await asyncio.wait_for(reader.readline(), 10), path
            writer.close()


@pytest.mark.parametrize("path", ["/v1/chat/completions", "tools/clock", "mcp"])
async def test_too_large_a_body_is_413_everywhere(start: Start, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr(bodies, "LARGEST", 1000)
    async with start(chain_of(), env={"admin.env": ENV["admin.env"]}) as one:
        url = path if path.startswith("/") else f"{one.tools}/{path}"
        assert (await one.client.post(url, content=b" " * 2000, headers=bearer(ADMIN))).status_code == 413


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("127.0.0.1:8001", 200),
        ("[::1]:8001", 200),
        ("app-runner:8001", 200),
        ("grafana.localhost", 200),
        ("evil.example", 403),
        ("127.0.0.1.evil.example:8001", 403),
        ("localhost.evil.example", 403),
        ("localhost@evil.example", 403),
    ],
)
async def test_no_page_reaches_it_by_a_name_of_its_own(start: Start, host: str, status: int) -> None:
    async with start(chain_of()) as one:
        for url, path in ((one.url, "/v1/models"), (one.tools, "/tools/clock")):
            method = "GET" if path.startswith("/v1") else "POST"
            headers = {"host": host}
            response = await one.client.request(method, f"{url}{path}", content=b"{}", headers=headers)
            assert response.status_code == status, path


async def test_whoever_has_the_key_may_use_any_name(start: Start) -> None:
    async with start(chain_of(), env=ENV) as one:
        headers = {"host": "gateway.example", **bearer(CLIENT)}
        assert (await one.client.get("/v1/models", headers=headers)).status_code == 200


@pytest.mark.parametrize("key", ['sk-"quoted"-01', "sk-back\\slash-01", "sk-sla/sh-01", "sk-plain-01"])
def test_a_key_is_masked_however_it_is_written(key: str) -> None:
    secrets.remember([key])
    record = logging.LogRecord("x", logging.INFO, "", 0, "said %s", (key,), None)
    try:
        raise ValueError(key)
    except ValueError as error:
        record.exc_info = (ValueError, error, None)
    line = JsonFormatter().format(record)
    assert json.loads(line)["message"] == "said ***"
    assert key not in json.loads(line)["exception"]
    for form in (json.dumps(key), json.dumps(key).replace("/", "\\/")):
        assert secrets.mask_bytes(form.encode()) == b'"***"'


def test_nothing_in_a_log_line_acts_upon_a_terminal() -> None:
    odd = "a\x1b[2J\x9b2J\x85\u2028\u202e\u2066\x7f\u00e9z"
    line = JsonFormatter().format(logging.LogRecord("x", logging.INFO, "", 0, odd, None, None))
    assert json.loads(line)["message"] == odd
    assert line.isprintable()
    assert "\u00e9" in line


async def test_a_connections_requests_have_traces_of_their_own(start: Start) -> None:
    async with start(chain_of()) as one:
        long = [{"role": "user", "content": "x" * 300_000}]
        traces = [(await one.chat("echo", messages=long)).headers["x-trace-id"]]
        for path in ("/v1/models", "/v1/nothing", "/v1/models"):
            traces.append((await one.client.get(path)).headers["x-trace-id"])
        assert len({*traces}) == 4
    with tracing.span("a"):
        outer = tracing.trace_id()
        with tracing.span("b"):
            assert tracing.trace_id() == outer
        for given in ("", "00-xyz"):
            with tracing.span("c", given):
                assert tracing.trace_id() != outer


@pytest.mark.parametrize("number", ["1e400", "-1e999", '[{"x": 1e309}]'])
async def test_a_number_that_json_cannot_hold_is_400(start: Start, provider: Provider, number: str) -> None:
    async with start(chain_of(provider), KEYS) as one:
        body = f'{{"model": "chain", "messages": [{{"role": "user", "content": "x"}}], "x": {number}}}'
        assert (await one.client.post("/v1/chat/completions", content=body)).status_code == 400
    assert provider.received == []


@pytest.mark.parametrize("expression", ["1e308 * 10", "1e999", "1e308 * 10 - 1e308 * 10"])
async def test_the_calculator_tells_numbers_only(expression: str) -> None:
    with pytest.raises(ApiError, match="too large"):
        await tools.call("calculator", {"expression": expression})


async def test_a_search_without_end_is_none(start: Start, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "LARGEST_ANSWER", 1000)
    monkeypatch.setenv("TAVILY_API_BASE", provider.url)
    found = {"results": [{"title": "t", "url": "u", "content": "c" * 2000}]}
    provider.behave["tvly-0001"] = [{"body": json.dumps(found).encode()}]
    async with start(chain_of(), env={"tavily.env": "TAVILY_API_KEY=tvly-0001\n"}) as one:
        response = await one.client.post(f"{one.tools}/tools/web_search", json={"query": "x"})
        assert response.status_code == 502


@pytest.mark.parametrize(("address", "shown"), [(None, "127.0.0.1"), ("0.0.0.0", "0.0.0.0"), ("::1", "::1")])
def test_it_listens_where_it_is_told_to(monkeypatch: pytest.MonkeyPatch, address: str | None, shown: str) -> None:
    monkeypatch.delenv("LISTEN_ADDRESS", raising=False)
    if address:
        monkeypatch.setenv("LISTEN_ADDRESS", address)
    with server.bound(0) as listener:
        assert listener.getsockname()[0] == shown
