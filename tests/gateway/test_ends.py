"""How requests end: a client that leaves, a process that stops, a burst that is over."""

import asyncio
import json
from typing import Any

import httpx2
import pytest
from conftest import Running, Start, chain_of, eventually
from provider import STREAM, Provider, chunk

from magic_proxy import events, upstream

KEY = "sk-ends-0001"
KEYS = {"openai": [KEY]}
HELLO = [{"role": "user", "content": "hello"}]
ASKED: list[tuple[str, dict[str, Any]]] = [
    ("/v1/chat/completions", {"messages": HELLO}),
    ("/v1/chat/completions", {"messages": HELLO, "stream": True}),
    ("/v1/embeddings", {"input": "x"}),
]


def patient(provider: Provider, does: dict[str, Any]) -> dict[str, Any]:
    provider.behave[KEY] = [does]
    return chain_of(provider, router_settings={"timeout": 60})


async def asked(gateway: Running, path: str, body: dict[str, Any]) -> httpx2.Response:
    return await gateway.client.post(path, json={"model": "chain", **body})


@pytest.mark.parametrize(("path", "body"), ASKED)
async def test_a_client_that_leaves_before_the_answer_ends_it(
    start: Start, provider: Provider, path: str, body: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    async with start(patient(provider, {"hang": True}), KEYS) as gateway:
        asking = asyncio.create_task(asked(gateway, path, body))
        await eventually(lambda: len(provider.received) == 1)
        asking.cancel()
        await eventually(lambda: provider.gone == 1)
        # And nothing else: the key is as good as it was, and the next request is answered.
        provider.behave[KEY] = [{}]
        assert (await gateway.chat()).status_code == 200
        assert await gateway.states() == {"active": 1}
    assert any(": 499 in" in record.getMessage() for record in caplog.records)
    assert not any("Exception" in record.getMessage() for record in caplog.records)


async def test_a_client_that_leaves_a_tool_ends_it(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def call(*_: object) -> str:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return ""

    monkeypatch.setattr("magic_proxy.tools.call", call)
    async with start(chain_of()) as gateway:
        asking = asyncio.create_task(gateway.client.post(f"{gateway.tools}/tools/clock", json={}))
        async with asyncio.timeout(10):
            await begun.wait()
            asking.cancel()
            await ended.wait()


@pytest.mark.parametrize(("path", "body"), ASKED)
async def test_at_its_end_the_process_tells_who_still_waits(
    start: Start, provider: Provider, path: str, body: dict[str, Any]
) -> None:
    async with start(patient(provider, {"hang": True}), KEYS) as gateway:
        asking = asyncio.create_task(asked(gateway, path, body))
        await eventually(lambda: len(provider.received) == 1)
        gateway.servers[0].gate.drain(0)
        answer = await asking
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "gateway_stops")
        assert answer.headers["retry-after"] == "1"
        await eventually(lambda: provider.gone == 1)


@pytest.mark.parametrize(
    "does",
    [
        {"stream": STREAM[:1], "stall": True},
        {"stream": [chunk("x")] * 10_000, "pause": 0.001},
        {"stream": [STREAM[0], STREAM[1][:20]], "stall": True},
    ],
)
async def test_at_its_end_a_stream_ends_with_whole_events_and_an_error(
    start: Start, provider: Provider, does: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    async with start(patient(provider, does), KEYS) as gateway:
        body = {"model": "chain", "messages": HELLO, "stream": True}
        async with gateway.client.stream("POST", "/v1/chat/completions", json=body) as response:
            coming = response.aiter_bytes()
            got = await anext(coming)
            gateway.servers[0].gate.drain(0.05)
            got += b"".join([part async for part in coming])
        *said, last = [json.loads(line[6:]) for line in got.splitlines() if line.startswith(b"data: ")]
        assert said
        assert last["error"]["code"] == "gateway_stops"
        assert got.endswith(b"\n\n")
        assert b"retry: 1000\n" in got
        await eventually(lambda: provider.gone == 1)
    assert not any(record.exc_info for record in caplog.records)


@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_mcp_has_no_stream_that_never_says_anything(start: Start, method: str) -> None:
    async with start(chain_of()) as gateway:
        answer = await gateway.client.request(method, f"{gateway.tools}/mcp", headers={"accept": "text/event-stream"})
        assert answer.status_code == 405


@pytest.mark.parametrize("width", [40, 120])
async def test_a_burst_leaves_few_connections_behind(start: Start, provider: Provider, width: int) -> None:
    provider.behave[KEY] = [{"stream": [*STREAM[:1], *STREAM[1:]], "pause": 0.05}]
    async with start(patient(provider, provider.behave[KEY][0]), KEYS) as gateway:
        gateway.client = httpx2.AsyncClient(
            base_url=gateway.url, timeout=30, limits=httpx2.Limits(max_connections=None)
        )
        streams = await asyncio.gather(*(gateway.stream() for _ in range(width)))
        assert all(one[-1] == "[DONE]" for one in streams)
        pool = gateway.gateway.router.upstream._pools[""]
        assert 0 < len(pool.connections) <= upstream.KEPT_OPEN


@pytest.mark.parametrize(
    ("data", "step"),
    [
        (b"data: " + json.dumps({"x": "y" * (1 << 20)}).encode() + b"\n\ndata: [DONE]\n\n", 512),
        (b"data: " + json.dumps({"x": "y" * (1 << 18)}).encode() + b"\r\n\r\ndata: [DONE]\r\n\r\n", 7),
        (b"".join(b'data: {"n":%d}\r\n\r\n' % n for n in range(20_000)) + b"data: [DONE]\n\n", 100),
    ],
)
async def test_an_event_is_searched_once_however_it_is_cut(
    monkeypatch: pytest.MonkeyPatch, data: bytes, step: int
) -> None:
    searched = 0

    class Counting(bytearray):
        def rfind(self, what: Any, begin: Any = 0, end: Any = None) -> int:
            nonlocal searched
            searched += len(self) - begin
            return super().rfind(what, begin)

    async def chunks() -> Any:
        for at in range(0, len(data), step):
            yield data[at : at + step]

    monkeypatch.setattr(events, "bytearray", Counting, raising=False)
    assert b"".join([block async for block in events.checked(chunks())]) == data
    assert 0 < searched < 3 * len(data) + 8 * (len(data) / step)
