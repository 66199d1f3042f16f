"""The gateway and a bare FastAPI and httpx pass-through, in turn, on the same provider; writes docs/benchmarks-gateway.md.

`race.py KAFKA REDIS`: a running broker and a running Redis, as HOST:PORT.
"""

import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
ROUNDS, STREAMS = 3, 200
# With httpx, and with httpx2, which is httpx as its author goes on with it and what the gateway uses.
BARE = ("httpx", "httpx2")
FULL = (STREAMS, 4, 50, 0)
"""As fast as it goes: streams at once, seconds, pieces a stream, pause between pieces."""
PACED = (STREAMS, 6, 20, 0.2)
"""At the pace of a provider that sends five pieces a second to each of 200 clients: 1,000 events a second."""

CONFIG = """
model_list:
- {model_name: bench, provider: openai, model_params: {model: bench, api_base: PROVIDER}}
streaming_settings: {typewriter_mode: client}
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def answers(port: int) -> None:
    for _ in range(1000):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1)
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.02)
    raise SystemExit("bench: it never answers")


def load(port: int, how: tuple[float, ...]) -> dict[str, float]:
    words = [str(word) for word in (port, *how)]
    done = subprocess.run([sys.executable, str(HERE / "load.py"), *words], check=True, capture_output=True, text=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def resident(process: subprocess.Popen[bytes]) -> float:
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def main() -> None:
    kafka, redis = sys.argv[1:]
    ports = {name: free_port() for name in ("provider", "httpx", "httpx2", "gateway", "tools")}
    provider = f"http://127.0.0.1:{ports['provider']}/v1"
    with ExitStack() as end, tempfile.TemporaryDirectory() as folder:
        keys = Path(folder, "keys_pool")
        keys.mkdir()
        (keys / "keys_pool_openai.env").write_text("sk-bench-0001\n")
        Path(folder, "proxy_config.yaml").write_text(CONFIG.replace("PROVIDER", provider))
        environment = {
            **{name: value for name, value in os.environ.items() if "proxy" not in name.lower()},
            "PROVIDER": provider,
            "PROXY_CONFIG": f"{folder}/proxy_config.yaml",
            "KEYS_POOL": str(keys),
            "KAFKA_BROKER": kafka,
            "REDIS_URL": f"redis://{redis}",
            "MAGIC_PROXY_PORT": str(ports["gateway"]),
            "MCP_SERVER_PORT": str(ports["tools"]),
        }

        def start(*words: str, client: str = "") -> subprocess.Popen[bytes]:
            process = subprocess.Popen(
                [sys.executable, *words],
                cwd=ROOT,
                env={**environment, "CLIENT": client},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            end.callback(process.wait)
            end.callback(process.terminate)
            return process

        start(str(HERE / "provider.py"), str(ports["provider"]))
        uvicorn = f"-m uvicorn --app-dir {HERE} --no-access-log --http httptools --loop asyncio bare:app".split()
        for client in BARE:
            start(*uvicorn, "--port", str(ports[client]), client=client)
        # Once for the bytecode, once for the figure.
        for attempt in range(2):
            began = time.monotonic()
            gateway = start("run.py")
            answers(ports["gateway"])
            started = time.monotonic() - began
            if attempt == 0:
                gateway.terminate()
                gateway.wait()
        memory = resident(gateway)
        for client in BARE:
            answers(ports[client])
        names = ["gateway", *BARE, "provider"]
        # The target is held against httpx; the other two are there for the picture, once.
        often = names[:2]
        taken: dict[str, dict[str, list[dict[str, float]]]] = {name: {"full": [], "paced": []} for name in names}
        turns = [often if number % 2 else often[::-1] for number in range(ROUNDS)]
        for name in chain(*turns, names[2:]):
            taken[name]["full"].append(load(ports[name], FULL))
            taken[name]["paced"].append(load(ports[name], PACED))
        print(report(taken, started, memory, resident(gateway)))


def report(taken: dict[str, dict[str, list[dict[str, float]]]], started: float, memory: float, after: float) -> str:
    def figure(name: str, how: str, what: str) -> float:
        return statistics.median(one[what] for one in taken[name][how])

    rows = []
    for name, told in (
        ("gateway", "the gateway"),
        ("httpx", "FastAPI + httpx, bare"),
        ("httpx2", "FastAPI + httpx2, bare"),
        ("provider", "the provider itself"),
    ):
        full = [figure(name, "full", what) for what in ("streams_per_second", "events_per_second")]
        paced = [figure(name, "paced", what) for what in ("delay_p50_ms", "delay_p99_ms", "first_p99_ms")]
        rows.append(f"| {told} | {full[0]:.0f} | {full[1]:,.0f} | {paced[0]:.1f} | {paced[1]:.1f} | {paced[2]:.1f} |")

    def against(client: str) -> str:
        ratio = figure("gateway", "full", "streams_per_second") / figure(client, "full", "streams_per_second")
        added = figure("gateway", "paced", "delay_p99_ms") - figure(client, "paced", "delay_p99_ms")
        first = figure("gateway", "paced", "first_p99_ms") - figure(client, "paced", "first_p99_ms")
        return f"throughput **{ratio:.2f} ×**, p99 of the delay **{added:+.1f} ms**, of the first event {first:+.1f} ms"

    table = "\n".join(rows)
    cores, day = os.cpu_count(), datetime.now(UTC).strftime("%-d %B %Y")
    return f"""# The gateway beside a bare pass-through

`make bench`, or this part alone: `scripts/bench-gateway`. {day}, {cores} cores, Python {platform.python_version()}, medians of {ROUNDS} rounds in turn (the last two: once); clients, provider
and proxy share the cores. {STREAMS} streams at once. *Full speed*: {FULL[2]} events a stream, as fast as it goes, each stream followed by the next.
*Paced*: five events a second on each stream; the delay is from the provider's sending of an event to the client's receiving it, of which the
first includes the request's way there.

| | full speed: streams/s | events/s | paced: delay p50, ms | p99, ms | first event p99, ms |
| --- | --- | --- | --- | --- | --- |
{table}

Beside httpx: {against("httpx")}.
Beside httpx2: {against("httpx2")}.

What the gateway does on top: it checks the request, routes it, picks a key, checks that each event is whole and is JSON (so that a cut or garbled
stream ends with an error and is never cached), looks for keys in what passes, and writes a line of log. Why it is not slower
for it: events that came together pass as one block, and no FastAPI lies in between.

`GET /` answers {started:.2f} s after the process's start, with Kafka and Redis connected; resident {memory:.0f} MB then, {after:.0f} MB after the race.
"""


if __name__ == "__main__":
    main()
