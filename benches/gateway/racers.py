"""Who races, each on a port of loopback and with as many processes as the gateway has, on one provider."""

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
LITELLM = ROOT / "target/litellm/bin"
ANSWERS_WITHIN = 180
"""Seconds: LiteLLM's imports alone take twenty of them on a slow machine."""
KEY = "sk-bench-0001"

GATEWAY_CONFIG = """
model_list:
- {model_name: bench, provider: openai, model_params: {model: bench, api_base: PROVIDER}}
streaming_settings: {typewriter_mode: client}
"""
LITELLM_CONFIG = f"""
model_list:
- {{model_name: bench, litellm_params: {{model: openai/bench, api_base: PROVIDER, api_key: {KEY}}}}}
litellm_settings: {{telemetry: false}}
"""
# What it would otherwise fetch from its makers' servers it has in its package.
LITELLM_OFFLINE = {
    **{f"LITELLM_LOCAL_{what}": "True" for what in ("MODEL_COST_MAP", "ANTHROPIC_BETA_HEADERS", "BLOG_POSTS")},
    "LITELLM_MODE": "PRODUCTION",
}


class Racers:
    """The provider and who races, started; to be ended with `end`."""

    def __init__(self, folder: Path, end: ExitStack, kafka: str, redis: str) -> None:
        self.folder, self.end = folder, end
        self.ports = {name: free_port() for name in ("provider", "httpx", "httpx2", "gateway", "tools", "litellm")}
        self.provider = f"http://127.0.0.1:{self.ports['provider']}/v1"
        self.client_key = f"sk-{secrets.token_hex(16)}"
        """LiteLLM refuses to start without one; the others pay no heed to it."""
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.started: dict[str, float] = {}
        """Seconds from the start of each to its first answer."""
        self._start("provider", [sys.executable, str(HERE / "provider.py"), str(self.ports["provider"])], {})
        self._gateway(kafka, redis)
        workers = str(processes(self.processes["gateway"].pid))
        self._litellm(workers)
        for client in ("httpx", "httpx2"):
            self._bare(client, workers)
        self.memory = self.resident()
        """What the gateway and LiteLLM hold before the race."""

    def resident(self) -> dict[str, float]:
        """Megabytes of memory."""
        return {name: resident(self.processes[name].pid) for name in ("gateway", "litellm")}

    def _gateway(self, kafka: str, redis: str) -> None:
        keys = self.folder / "keys_pool"
        keys.mkdir()
        (keys / "keys_pool_openai.env").write_text(f"{KEY}\n")
        env = {
            "PROXY_CONFIG": self._config("proxy_config.yaml", GATEWAY_CONFIG),
            "KEYS_POOL": str(keys),
            # Whatever keys this clone asks its own clients for.
            "TOOL_KEYS": str(self.folder / "env"),
            "KAFKA_BROKER": kafka,
            "REDIS_URL": f"redis://{redis}",
            "MAGIC_PROXY_PORT": str(self.ports["gateway"]),
            "MCP_SERVER_PORT": str(self.ports["tools"]),
        }
        # Once for the bytecode, once for the figure.
        for attempt in range(2):
            gateway = self._start("gateway", [sys.executable, "run.py"], {**inherited(), **env})
            if attempt == 0:
                gateway.terminate()
                gateway.wait()

    def _litellm(self, workers: str) -> None:
        config = self._config("litellm.yaml", LITELLM_CONFIG)
        at = ["--host", "127.0.0.1", "--port", str(self.ports["litellm"])]
        words = [str(LITELLM / "litellm"), "--config", config, *at, "--num_workers", workers, "--telemetry", "False"]
        # Nothing else of what is set here: it would take a database, callbacks and more from it.
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LITELLM_MASTER_KEY": self.client_key}
        self._start("litellm", words, {**env, **LITELLM_OFFLINE})

    def _bare(self, client: str, workers: str) -> None:
        words = (
            f"-m uvicorn --app-dir {HERE} --no-access-log --http httptools --loop asyncio --workers {workers} bare:app"
        )
        env = {**inherited(), "PROVIDER": self.provider, "CLIENT": client}
        self._start(client, [sys.executable, *words.split(), "--port", str(self.ports[client])], env)

    def _config(self, name: str, text: str) -> str:
        path = self.folder / name
        path.write_text(text.replace("PROVIDER", self.provider))
        return str(path)

    def _start(self, name: str, words: list[str], env: dict[str, str]) -> subprocess.Popen[bytes]:
        began = time.monotonic()
        said = self.folder / f"{name}.err"
        with said.open("wb") as errors:
            process = subprocess.Popen(words, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=errors)
        self.end.callback(process.wait)
        self.end.callback(process.terminate)
        self.processes[name] = process
        while not answers(self.ports[name]):
            if process.poll() is not None or time.monotonic() > began + ANSWERS_WITHIN:
                raise SystemExit(f"bench: {name} never answers: {said.read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)
        self.started[name] = time.monotonic() - began
        return process


def inherited() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def answers(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5)
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def family(pid: int) -> dict[int, list[int]]:
    """A process and all that came of it, each with its children."""
    children = [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    found = {pid: children}
    for child in children:
        found |= family(child)
    return found


def processes(pid: int) -> int:
    """How many of them do the work: one that has children only looks after them."""
    return sum(not children for children in family(pid).values())


def resident(pid: int) -> float:
    """Megabytes of all of them; what they share counts for each."""
    total = 0
    for one in family(pid):
        status = Path(f"/proc/{one}/status").read_text()
        total += int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])
    return total / 1024
