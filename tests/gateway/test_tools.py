"""mcp-server's tools: over plain HTTP and by the official MCP client."""

import json

import pytest
from conftest import Start, chain_of
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from provider import Provider

from magic_proxy import tools
from magic_proxy.errors import ApiError

SUMS = [
    ("2 + 3 * 4", "14"),
    ("(1 + 2) ** 10 // 7 % 5", "0"),
    ("-7 / 2", "-3.5"),
    (" 1e3", "1000.0"),
    ("2 ** -1", "0.5"),
]
NO_SUMS = [
    "",
    "x",
    "1 +",
    "__import__('os').system('true')",
    "().__class__",
    "[1]",
    "'a' * 10",
    "True + 1",
    "1 / 0",
    "9 ** 9 ** 9",
    "(-1) ** 0.5",
    "2 ** 4000 * 2 ** 4000",
    "1e308 * 10 ** 400",
    "(" * 300 + "1" + ")" * 300,
    "1 << 100",
    "\ud800",
]


@pytest.mark.parametrize(("asked", "result"), SUMS)
async def test_the_calculator_calculates(asked: str, result: str) -> None:
    assert await tools.call("calculator", {"expression": asked}) == result


@pytest.mark.parametrize("asked", NO_SUMS)
async def test_the_calculator_does_nothing_else(asked: str) -> None:
    with pytest.raises(ApiError) as caught:
        await tools.call("calculator", {"expression": asked})
    assert caught.value.status == 400


async def test_over_http(start: Start) -> None:
    async with start(chain_of()) as gateway:
        post = gateway.client.post
        listed = (await gateway.client.get(f"{gateway.tools}/")).json()["tools"]
        assert [tool["name"] for tool in listed] == ["web_search", "calculator", "clock"]
        response = await post(f"{gateway.tools}/tools/calculator", json={"expression": "6 * 7"})
        assert response.json() == {"result": "42"}
        assert (await post(f"{gateway.tools}/tools/clock", json={})).json()["result"].endswith("+00:00")
        wrong = [{"expression": 5}, {}, {"expression": "1", "more": 1}, [], {"expression": "1" * 501}]
        for body in wrong:
            response = await post(f"{gateway.tools}/tools/calculator", json=body)
            assert (response.status_code, response.json()["error"]["type"]) == (400, "invalid_request_error")
        response = await post(f"{gateway.tools}/tools/calculator", content=b"{")
        assert response.status_code == 400
        for zone in ("Nowhere/Land", "../../etc/passwd", "/etc/passwd", "\0"):
            assert (await post(f"{gateway.tools}/tools/clock", json={"timezone": zone})).status_code == 400
        assert (await post(f"{gateway.tools}/tools/nothing", json={})).status_code == 404
        assert (await post(f"{gateway.tools}/tools/web_search", json={"query": "x"})).status_code == 503


async def test_by_the_official_mcp_client(start: Start) -> None:
    async with (
        start(chain_of()) as gateway,
        streamable_http_client(f"{gateway.tools}/mcp") as streams,
        ClientSession(*streams[:2]) as session,
    ):
        await session.initialize()
        listed = (await session.list_tools()).tools
        assert [tool.name for tool in listed] == ["web_search", "calculator", "clock"]
        assert listed[1].input_schema["required"] == ["expression"]
        result = await session.call_tool("calculator", {"expression": "6 * 7"})
        assert (result.is_error, result.content[0].text) == (False, "42")
        for name, arguments in (("calculator", {}), ("nothing", {}), ("web_search", {"query": "x"})):
            assert (await session.call_tool(name, arguments)).is_error


async def test_web_search_masks_its_key(start: Start, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    key = "tvly-secret-0001"
    found = {"results": [{"title": "t", "url": "u", "content": f"c {key}"}]}
    bad = [b"<html>", b"[]", b'{"results": [5]}']
    provider.behave[key] = [{"body": json.dumps(found).encode()}, *({"body": body} for body in bad), {"status": 401}]
    monkeypatch.setenv("TAVILY_API_BASE", provider.url)
    async with start(chain_of()) as gateway:
        (gateway.gateway.keys.folder.parent / "env" / "tavily.env").write_text(f"TAVILY_API_KEY={key}\n")
        ask = gateway.client.post
        response = await ask(f"{gateway.tools}/tools/web_search", json={"query": "x", "max_results": 3})
        assert response.json() == {"result": "t\nu\nc ***"}
        for _ in (*bad, 401):
            response = await ask(f"{gateway.tools}/tools/web_search", json={"query": "x"})
            assert response.status_code == 502
            assert key not in response.text
    assert provider.received[0] == (key, "/v1/search", {"query": "x", "max_results": 3})
