"""The gateway in the test's own process, behind a real socket, beside providers that misbehave as told."""

import asyncio
import json
import socket
import subprocess
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio
import yaml
from provider import Provider

from magic_proxy import mcp_server, proxy
from magic_proxy.gateway import Gateway
from magic_proxy.server import Server

REDIS_IMAGE = "magicproxy/redis:7.0"
NOBODY = "127.0.0.1:1"
CACHED = {"enabled": True, "rules": [{}]}

Config = dict[str, Any]


class Running:
    """A gateway that answers, and a client of it."""

    def __init__(self, gateway: Gateway, servers: list[Server], url: str, tools: str) -> None:
        self.gateway, self.servers, self.url, self.tools = gateway, servers, url, tools
        self.client = httpx2.AsyncClient(base_url=url, timeout=20, trust_env=False)

    async def chat(self, model: str = "chain", **more: Any) -> httpx2.Response:
        body = {"model": model, "messages": [{"role": "user", "content": "hello"}], **more}
        return await self.client.post("/v1/chat/completions", json=body)

    async def stream(self, model: str = "chain", **more: Any) -> list[Any]:
        """The events' data, parsed."""
        response = await self.chat(model, stream=True, **more)
        assert response.status_code == 200, response.text
        lines = [line.removeprefix("data: ") for line in response.text.splitlines() if line.startswith("data: ")]
        return [line if line == "[DONE]" else json.loads(line) for line in lines]

    async def states(self, provider: str = "openai") -> dict[str, int]:
        return {state: count for state, count in self.gateway.keys.counts()[provider].items() if count}


Start = Callable[..., Any]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Start:
    """Starts gateways: `start(config, keys={provider: [key]}, redis=…)`."""

    @asynccontextmanager
    async def run(
        config: Config,
        keys: dict[str, list[str]] | None = None,
        redis: str = f"redis://{NOBODY}",
        kafka: str = NOBODY,
        env: dict[str, str] | None = None,
    ) -> AsyncIterator[Running]:
        (tmp_path / "keys_pool").mkdir(exist_ok=True)
        (tmp_path / "env").mkdir(exist_ok=True)
        for name, values in (keys or {}).items():
            (tmp_path / "keys_pool" / f"keys_pool_{name}.env").write_text("\n".join(values))
        for name, text in (env or {}).items():
            (tmp_path / "env" / name).write_text(text)
        (tmp_path / "proxy_config.yaml").write_text(yaml.safe_dump(config))
        monkeypatch.setenv("PROXY_CONFIG", str(tmp_path / "proxy_config.yaml"))
        monkeypatch.setenv("KEYS_POOL", str(tmp_path / "keys_pool"))
        monkeypatch.setenv("TOOL_KEYS", str(tmp_path / "env"))
        monkeypatch.setenv("REDIS_URL", redis)
        monkeypatch.setenv("KAFKA_BROKER", kafka)
        gateway = Gateway()
        serving, sockets = [], []
        for app in (proxy.create(gateway), mcp_server.create(gateway.stores)):
            sockets.append(socket.create_server(("127.0.0.1", 0)))
            serving.append(Server(gateway, app))
        tasks = [asyncio.create_task(one.serve([at])) for one, at in zip(serving, sockets, strict=True)]
        running = Running(gateway, serving, *(f"http://127.0.0.1:{at.getsockname()[1]}" for at in sockets))
        try:
            yield running
        finally:
            await running.client.aclose()
            for one in serving:
                one.should_exit = True
            await asyncio.gather(*tasks)
            await gateway.stop()

    return run


@pytest_asyncio.fixture
async def provider() -> AsyncIterator[Provider]:
    async with Provider() as one:
        yield one


@pytest_asyncio.fixture
async def second() -> AsyncIterator[Provider]:
    async with Provider() as one:
        yield one


def chain_of(*providers: Provider, **more: Any) -> Config:
    """`chain`: a profile of openai at the first provider, one of mistral at the second."""
    names = ["openai", "mistral"]
    profiles = [
        {"model_name": f"at-{name}", "provider": name, "model_params": {"model": f"{name}-model", "api_base": one.url}}
        for name, one in zip(names, providers, strict=False)
    ]
    alias = {"chain": [profile["model_name"] for profile in profiles] or ["echo"]}
    local = {"model_name": "echo", "provider": "local", "model_params": {"model": "echo"}}
    router = {"model_group_alias": alias, "timeout": 0.5, **more.pop("router_settings", {})}
    return {"model_list": [*profiles, local], "router_settings": router, **more}


@pytest.fixture(scope="session")
def redis() -> Iterator[str]:
    """The address of a real Redis."""
    name = f"mt-gateway-{uuid.uuid4().hex[:8]}"
    command = ["docker", "run", "--rm", "-d", "--name", name, "--tmpfs", "/data", "-p", "127.0.0.1::6379", REDIS_IMAGE]
    subprocess.run([*command, "redis-server", "--save", ""], check=True, stdout=subprocess.DEVNULL)
    try:
        at = subprocess.run(["docker", "port", name, "6379"], check=True, capture_output=True, text=True).stdout.strip()
        until(lambda: answers(at.rsplit(":", 1)))
        yield f"redis://{at}/0"
    finally:
        subprocess.run(["docker", "rm", "-f", name], check=True, stdout=subprocess.DEVNULL)


def answers(at: list[str]) -> bool:
    try:
        with socket.create_connection((at[0], int(at[1])), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(7) == b"+PONG\r\n"
    except OSError:
        return False


def until(ask: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not ask():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.02)


async def eventually(ask: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not ask():
        assert time.monotonic() < end, "not in time"
        await asyncio.sleep(0.01)
