"""500 sessions, 1,000 viewers, a real Kafka and Redis, the process killed in the middle: `make test-gateway`."""

import asyncio
import os
import re
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx2
import pytest
from conftest import chain_of
from test_process import run

SESSIONS, VIEWERS = 500, 1000
AT = "/v1/react/sessions"
TASK = {"model": "echo", "input": "calculator: 6 * 7\ncalculator: 1 + 1\nclock: UTC", "stream": False}
ID = re.compile("^id: (.*)$", re.MULTILINE)


async def watched(client: httpx2.AsyncClient, session: str) -> tuple[str, int]:
    """All that one viewer saw, as an EventSource comes back by itself, and how often it had to."""
    seen, last, times = "", "", 0
    while True:
        try:
            async with client.stream("GET", f"{AT}/{session}", headers={"last-event-id": last}) as answer:
                if answer.status_code == 204:
                    return seen, times
                assert answer.status_code == 200, await answer.aread()
                rest = ""
                async for text in answer.aiter_text():
                    rest += text
                    whole, end, rest = rest.rpartition("\n\n")
                    seen += "".join(f"{one}\n\n" for one in (whole + end).split("\n\n") if "\nid: " in one)
                    last = [last, *ID.findall(seen)][-1]
        except httpx2.TransportError:
            times += 1
            # As long as an EventSource lets pass.
            await asyncio.sleep(0.2)


@pytest.mark.stack
async def test_all_sessions_end_right_for_all_viewers_the_process_killed_in_the_middle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kafka, redis = os.environ["GATEWAY_STACK"].split(",")
    ports: list[int] = []
    began = time.monotonic()

    def config() -> dict[str, Any]:
        return chain_of() | {"agent_settings": {"mcp_server_url": f"http://127.0.0.1:{ports[1]}"}}

    stores = {"KAFKA_BROKER": kafka, "REDIS_URL": f"redis://{redis}/7"}
    async with run(tmp_path, chain_of(), stores=stores) as first:
        ports += first.ports
    limits = httpx2.Limits(max_connections=None)
    client = httpx2.AsyncClient(base_url=f"http://127.0.0.1:{ports[0]}", timeout=120, limits=limits, trust_env=False)
    async with client:
        async with run(tmp_path, config(), ports=ports, stores=stores) as gateway:
            await gateway.answers()
            posts = await asyncio.gather(*(client.post(AT, json=TASK) for _ in range(SESSIONS)))
            assert Counter(one.status_code for one in posts) == {202: SESSIONS}
            ids = [one.json()["id"] for one in posts]
            viewing = [asyncio.create_task(watched(client, ids[number % SESSIONS])) for number in range(VIEWERS)]
            await asyncio.wait(viewing, timeout=1)
            open_at_kill = sum(not one.done() for one in viewing)
            gateway.process.kill()
            await gateway.process.wait()
        killed = time.monotonic()
        assert open_at_kill > 0, "the kill came too late to prove anything"
        async with run(tmp_path, config(), ports=ports, stores=stores) as gateway:
            seen = await asyncio.gather(*viewing)
            ended = time.monotonic()
            whole = [(await client.get(f"{AT}/{id}")).text for id in ids]
            memory = int(re.findall(r"VmHWM:\s+(\d+)", Path(f"/proc/{gateway.process.pid}/status").read_text())[0])
    for number, (text, _) in enumerate(seen):
        assert text == whole[number % SESSIONS]
    for text in whole:
        told = Counter(re.findall("^event: (.*)$", text, re.MULTILINE))
        assert (told["worker_ack"], told["Action"], told["Observation"], told["FinalAnswerStreamEnd"]) == (1, 3, 3, 1)
        assert len(ID.findall(text)) == len({*ID.findall(text)})
    cut = sum(times > 0 for _, times in seen)
    print(
        f"{SESSIONS} sessions, {VIEWERS} viewers: {cut} were cut by the kill and resumed; {killed - began:.0f} s to it,"
    )
    print(f"{ended - killed:.0f} s more to the last end; the second process took {memory // 1024} MB at most")
