"""What official clients see of a running stack: `on_the_stack.py CLIENT PORT WORD`, for tests/it/gateway.rs."""

import asyncio
import json
import sys
from collections.abc import Callable
from typing import Any

import openai
from aiokafka import AIOKafkaConsumer
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

HELLO: list[Any] = [{"role": "user", "content": "hello, stack"}]
TOOL: Any = {
    "type": "function",
    "function": {
        "name": "calculator",
        "parameters": {"type": "object", "properties": {"expression": {"type": "string"}}, "required": ["expression"]},
    },
}


def fails_with(kind: type[Exception], ask: Callable[[], Any]) -> Any:
    try:
        ask()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}")


def openai_client(port: int, key: str) -> None:
    def client(key: str) -> openai.OpenAI:
        return openai.OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key=key, max_retries=0)

    one = client(key)
    models = [model.id for model in one.models.list()]
    assert models[:3] == ["default", "embeddings", "offline"], models
    chat = one.chat.completions
    answer = chat.create(model="offline", messages=HELLO)
    assert answer.choices[0].message.content == "hello, stack"
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 2

    chunks = list(chat.create(model="offline", messages=HELLO, stream=True, stream_options={"include_usage": True}))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == "hello, stack"
    assert chunks[-1].usage is not None

    asked: list[Any] = [{"role": "user", "content": "calculator: 6 * 7"}]
    call = chat.create(model="offline", messages=asked, tools=[TOOL]).choices[0]
    assert call.finish_reason == "tool_calls"
    assert call.message.tool_calls is not None
    function: Any = call.message.tool_calls[0]
    assert json.loads(function.function.arguments) == {"expression": "6 * 7"}
    asked += [call.message.model_dump(), {"role": "tool", "tool_call_id": function.id, "content": "42"}]
    told = chat.create(model="offline", messages=asked, tools=[TOOL]).choices[0].message.content
    assert told == "calculator says: 42"
    [chunk, *_] = chat.create(model="offline", messages=asked[:1], tools=[TOOL], stream=True)
    assert chunk.choices[0].delta.tool_calls is not None

    # As floats that the client decodes itself, and as it decodes them from base64, its default.
    vectors = one.embeddings.create(model="offline", input=["a", "b"]).data
    plain = one.embeddings.create(model="offline", input=["a", "b"], encoding_format="float").data
    for vector, same in zip(vectors, plain, strict=True):
        assert all(abs(a - b) < 1e-6 for a, b in zip(vector.embedding, same.embedding, strict=True))
    assert vectors[0].embedding != vectors[1].embedding

    fails_with(openai.BadRequestError, lambda: chat.create(model="offline", messages=[]))
    fails_with(openai.AuthenticationError, lambda: client("wrong").models.list())
    fails_with(openai.NotFoundError, lambda: chat.create(model="nobody", messages=HELLO))
    exhausted = fails_with(openai.InternalServerError, lambda: chat.create(model="default", messages=HELLO))
    assert exhausted.status_code == 503
    assert exhausted.code == "no_provider"
    # A stream that nobody reads stays open: with one request allowed at once the next is one too many.
    long: list[Any] = [{"role": "user", "content": "word " * 100_000}]
    with chat.create(model="offline", messages=long, stream=True):
        fails_with(openai.RateLimitError, lambda: chat.create(model="offline", messages=HELLO))


async def mcp_client(port: int, key: str) -> None:
    import httpx2

    client = httpx2.AsyncClient(headers={"authorization": f"Bearer {key}"}, timeout=30)
    async with (
        client,
        streamable_http_client(f"http://127.0.0.1:{port}/mcp", http_client=client) as streams,
        ClientSession(*streams[:2]) as session,
    ):
        await session.initialize()
        names = [tool.name for tool in (await session.list_tools()).tools]
        assert names == ["web_search", "calculator", "clock"], names
        result = await session.call_tool("calculator", {"expression": "6 * 7"})
        assert (result.is_error, result.content[0].text) == (False, "42"), result
        assert (await session.call_tool("calculator", {"expression": "x"})).is_error


async def kafka_client(port: int, session: str) -> None:
    consumer = AIOKafkaConsumer(
        "magic-proxy.tasks", bootstrap_servers=f"localhost:{port}", auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        while True:
            message = await asyncio.wait_for(consumer.getone(), 20)
            if json.loads(message.value)["id"] == session:
                assert dict(message.headers)["traceparent"].startswith(b"00-")
                return
    finally:
        await consumer.stop()


if __name__ == "__main__":
    what, port, word = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    if what == "openai":
        openai_client(port, word)
    else:
        asyncio.run({"mcp": mcp_client, "kafka": kafka_client}[what](port, word))
