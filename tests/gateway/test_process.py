"""The process as a whole: `python run.py`, its signals and its exit code."""

import asyncio
import os
import signal
import socket
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml
from conftest import NOBODY, chain_of, eventually
from provider import Provider, chunk

from magic_proxy import server

ROOT = Path(__file__).parents[2]
KEY = "sk-process-0001"
HELLO = {"model": "chain", "stream": True, "messages": [{"role": "user", "content": "hello"}]}


class Process:
    def __init__(self, process: asyncio.subprocess.Process, ports: list[int], log: Path) -> None:
        self.process, self.ports, self.log = process, ports, log
        self.client = httpx2.AsyncClient(base_url=f"http://127.0.0.1:{ports[0]}", timeout=20, trust_env=False)

    async def answers(self, path: str = "/v1/models") -> httpx2.Response:
        for _ in range(2000):
            try:
                return await self.client.get(path)
            except httpx2.TransportError:
                await asyncio.sleep(0.02)
        raise AssertionError("it never answers")

    async def end(self) -> tuple[int, str]:
        status = await asyncio.wait_for(self.process.wait(), 40)
        return status, self.log.read_text()


@asynccontextmanager
async def run(
    folder: Path,
    config: dict[str, Any],
    *arguments: str,
    ports: list[int] | None = None,
    stores: dict[str, str] | None = None,
) -> AsyncIterator[Process]:
    (folder / "keys_pool").mkdir(exist_ok=True)
    (folder / "keys_pool" / "keys_pool_openai.env").write_text(KEY)
    (folder / "proxy_config.yaml").write_text(yaml.safe_dump(config))
    if ports is None:
        free = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
        ports = [one.getsockname()[1] for one in free]
        for one in free:
            one.close()
    environment = {
        **os.environ,
        "MAGIC_PROXY_PORT": str(ports[0]),
        "MCP_SERVER_PORT": str(ports[1]),
        "KAFKA_BROKER": NOBODY,
        "REDIS_URL": f"redis://{NOBODY}",
        "PROXY_CONFIG": str(folder / "proxy_config.yaml"),
        "KEYS_POOL": str(folder / "keys_pool"),
        **(stores or {}),
    }
    # A file, not a pipe: one that nobody empties stops the process.
    log = folder / f"log-{uuid.uuid4().hex}"
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "run.py",
            *arguments,
            cwd=ROOT,
            env=environment,
            stdout=out,
            stderr=asyncio.subprocess.STDOUT,
        )
    running = Process(process, ports, log)
    try:
        yield running
    finally:
        await running.client.aclose()
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_at_sigterm_a_stream_is_finished_and_at_sighup_the_files_are_read(
    tmp_path: Path, provider: Provider
) -> None:
    pieces = [chunk(str(number)) for number in range(20)]
    provider.behave[KEY] = [{"stream": [*pieces, b"data: [DONE]\n\n"], "pause": 0.05}]
    async with run(tmp_path, chain_of(provider)) as gateway:
        # Kafka and Redis are away, and it serves all the same.
        await gateway.answers()
        (tmp_path / "proxy_config.yaml").write_text("model_list: 5")
        gateway.process.send_signal(signal.SIGHUP)
        async with gateway.client.stream("POST", "/v1/chat/completions", json=HELLO) as response:
            coming = response.aiter_bytes()
            parts = [await anext(coming)]
            gateway.process.send_signal(signal.SIGTERM)
            parts += [part async for part in coming]
        assert b"".join(parts) == b"".join([*pieces, b"data: [DONE]\n\n"])
        status, log = await gateway.end()
    assert status == 0
    assert "stopped, as asked" in log
    assert "the old configuration stays" in log
    assert "proxy_config.yaml:1: model_list" in log


async def test_a_taken_port_and_a_bad_file_end_it_with_an_error(tmp_path: Path, provider: Provider) -> None:
    with socket.create_server(("0.0.0.0", 0)) as taken:
        port = taken.getsockname()[1]
        async with run(tmp_path, chain_of(provider), ports=[port, 0]) as gateway:
            status, log = await gateway.end()
    assert status == 1
    assert f"port {port} of 127.0.0.1 can't be used" in log
    async with run(tmp_path, {"model_list": 5}) as gateway:
        status, log = await gateway.end()
    assert status == 1
    assert "proxy_config.yaml:1: model_list" in log


async def test_in_development_it_starts_anew_when_the_code_changes(tmp_path: Path, provider: Provider) -> None:
    module = ROOT / "magic_proxy" / "__init__.py"
    async with run(tmp_path, chain_of(provider), "--reload") as gateway:
        await gateway.answers()
        module.touch()
        await eventually(lambda: gateway.log.read_text().count(" listen on ") == 2, 40)
        gateway.process.terminate()
        await gateway.process.wait()


@pytest.mark.parametrize("which", ["magic-proxy", "mcp-server", "worker"])
async def test_when_one_ends_by_itself_so_does_the_process_with_an_error(
    which: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[server.Server] = []

    class Recorded(server.Server):
        def __init__(self, *words: Any) -> None:
            super().__init__(*words)
            started.append(self)

    async def dies(_: object) -> None:
        raise RuntimeError("the worker died")

    monkeypatch.setattr(server, "Server", Recorded)
    monkeypatch.setattr(server, "STORES_WITHIN", 0.01)
    if which == "worker":
        monkeypatch.setattr(server.Worker, "run", dies)
    (tmp_path / "proxy_config.yaml").write_text("")
    monkeypatch.setenv("PROXY_CONFIG", str(tmp_path / "proxy_config.yaml"))
    for name, value in (("MAGIC_PROXY_PORT", "0"), ("KAFKA_BROKER", NOBODY)):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("REDIS_URL", f"redis://{NOBODY}")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("MCP_SERVER_PORT", str(port))
    running = asyncio.create_task(server.run())
    if which != "worker":
        await eventually(lambda: len(started) == 2 and all(one.started for one in started))
        started[0 if which == "magic-proxy" else 1].should_exit = True
    assert await asyncio.wait_for(running, 30) == 1
