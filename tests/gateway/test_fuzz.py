"""A client that means ill, on every endpoint and on the topic; beside it one that does not, and must not notice.

A few hundred requests by default; `GATEWAY_FUZZ=SECONDS` for longer, `GATEWAY_STACK=KAFKA,REDIS` for the topic, too.
"""

import asyncio
import json
import os
import random
import re
import time
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer
from conftest import NOBODY, chain_of
from provider import Provider
from test_process import KEY, Process, run

from magic_proxy.worker import TOPIC

SECONDS = float(os.environ.get("GATEWAY_FUZZ", "0"))
KAFKA, REDIS = (os.environ.get("GATEWAY_STACK") or f"{NOBODY},{NOBODY}").split(",")
PATHS = [
    "/", "/health", "/health/ready", "/health/live", "/metrics", "/v1/models", "/v1/models/chain",
    "/v1/chat/completions",
    "/v1/embeddings", "/v1/responses", "/v1/react/sessions", "/v1/react/sessions/" + "a" * 32,
    "/v1/models/x", "/v1/models/" + "x" * 5000, "/health/ready/chat",
    "/admin/keys", "/admin/config", "/admin/reload", "/admin/x", "/tools/calculator", "/tools/clock", "/mcp",
    "/%00", "/" + "x" * 5000, "//v1", "/v1/../admin/keys",
]  # fmt: skip
WORDS: list[Any] = [
    None, True, 0, -1, 1.5, 10**400, "", "chain", "echo", "\ud800", "x" * 10_000, [], {}, [[]],
    "http://127.0.0.1:1/v1", KEY,
    [{"role": "user", "content": "x"}], [{"role": 5}], {"a": {"b": {"c": []}}}, "9" * 5000,
    float("inf"),
]  # fmt: skip
NAMES = [
    "model",
    "messages",
    "input",
    "stream",
    "max_steps",
    "tools",
    "id",
    "expression",
    "api_base",
    "jsonrpc",
    "method",
]
RAW = [b"", b"{", b"[" * 100_000, b"\xff\xfe", b'{"a":' * 50_000, b"null", b'"x"', b"{}" * 1000, b"\0" * 1000]
HEADERS = [
    "last-event-id: " + "9" * 5000, "last-event-id: -1", "idempotency-key: \xff", "traceparent: 00-zz",
    "expect: 100-continue",
    "origin: http://evil.example", "authorization: Bearer " + "x" * 5000, "content-type: text/html",
    "host: evil.example",
    "accept: text/event-stream", "connection: upgrade\r\nupgrade: websocket", "content-encoding: gzip",
]  # fmt: skip


def body(chance: random.Random) -> bytes:
    if chance.random() < 0.3:
        return chance.choice(RAW)
    return json.dumps({name: chance.choice(WORDS) for name in chance.sample(NAMES, chance.randrange(6))}).encode()


async def attack(port: int, chance: random.Random) -> None:
    """One request; what is answered doesn't matter, nor whether. Some leave early, some send half."""
    data, method = body(chance), chance.choice(["GET", "POST", "POST", "POST", "PUT", "DELETE", "HEAD", "X" * 50])
    length = chance.choice([len(data)] * 6 + [len(data) + 10, 0, -1, 1 << 60])
    more = "".join(f"{line}\r\n" for line in chance.sample(HEADERS, chance.randrange(3)))
    path = chance.choice(PATHS)
    head = f"{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\nconnection: close\r\n{more}\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(head.encode("latin-1") + data)
        if chance.random() < 0.8:
            async with asyncio.timeout(2):
                await reader.read(100_000)
    except (OSError, TimeoutError):
        pass
    finally:
        writer.close()


async def topic(chance: random.Random, until: float) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=KAFKA, compression_type="gzip")
    await producer.start()
    headers = [[("traceparent", None)], [("traceparent", b"\xff")], [("x", b"y" * 1000)], []]
    try:
        while time.monotonic() < until:
            value = chance.choice([body(chance), None, b" " * 900_000])
            await producer.send_and_wait(TOPIC, value, b"key", headers=chance.choice(headers))
    finally:
        await producer.stop()


def resident(gateway: Process) -> int:
    status = Path(f"/proc/{gateway.process.pid}/status").read_text()
    return int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) // 1024


async def test_a_client_that_means_ill_harms_nobody_else(tmp_path: Path, provider: Provider) -> None:
    stores = {"KAFKA_BROKER": KAFKA, "REDIS_URL": f"redis://{REDIS}/8"}
    chance = random.Random(os.environ.get("GATEWAY_FUZZ_SEED", "1"))
    failed: list[int] = []
    requests = 0

    async with run(tmp_path, chain_of(provider), stores=stores) as gateway:
        await gateway.answers()

        async def other() -> None:
            messages = [{"role": "user", "content": "hello"}]
            while True:
                answer = await gateway.client.post(
                    "/v1/chat/completions", json={"model": "chain", "messages": messages}
                )
                failed.extend([answer.status_code] if answer.status_code != 200 else [])
                await asyncio.sleep(0.02)

        async def attacks(count: int, until: float) -> None:
            nonlocal requests
            while count > 0 or time.monotonic() < until:
                await asyncio.gather(*(attack(chance.choice(gateway.ports), chance) for _ in range(20)))
                count, requests = count - 20, requests + 20

        watching = asyncio.create_task(other())
        on_topic = bool(SECONDS) and KAFKA != NOBODY
        taken = []
        # The first half brings buffers to their size; the second is like it and must not add to them.
        for _ in range(2):
            until = time.monotonic() + SECONDS / 2
            await asyncio.gather(attacks(140, until), *([topic(chance, until)] if on_topic else []))
            taken.append(resident(gateway))
        before, after = taken
        assert not watching.done(), watching.result()
        watching.cancel()
        assert failed == []
        health = await gateway.client.get("/health/ready")
        health = health if health.status_code != 404 else await gateway.client.get("/health")
        assert health.status_code == (200 if on_topic else 503)
        # What was unpacked for a moment may stay with the allocator; what grows with the number of requests may not.
        assert after < before + 60, (before, after)
        assert set(provider.asked_with()) == {KEY}
        gateway.process.terminate()
        status, log = await gateway.end()
    assert status == 0
    assert KEY not in log
    assert "Exception in ASGI" not in log
    print(
        f"{requests} requests, {len(provider.received)} of them to the provider; resident {before} MB, then {after} MB"
    )
