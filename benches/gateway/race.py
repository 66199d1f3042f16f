"""The gateway, a bare pass-through and LiteLLM in turn on one provider: writes docs/benchmarks-gateway.md's text to stdout.

`race.py KAFKA REDIS`: a running broker and a running Redis, as HOST:PORT. `GATEWAY_RACE=short`: whether it works, not what it says.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from length import SHORT, Length
from racers import HERE, Racers
from report import Rounds, report

RACING = ("gateway", "httpx2", "litellm")
# For the picture, once: httpx, which httpx2 is the continuation of, and no pass-through at all.
BESIDE = ("httpx", "provider")
LAST_ROUND_BEFORE = 450
"""Seconds after the start by which the last round has to end; on a slow machine there are fewer."""
LOAD_WITHIN = 180
CALM = 5.5
"""Seconds after which an httpx has closed the connections that its last clients left it with."""
WARM = ("warm", "warm stream")
LOADS = ("one", "many", "full", "burst", "paced")
# Neither is asked of LiteLLM, which would take the longest.
NOT_OF_LITELLM = {"burst", "paced"}


class Race:
    def __init__(self, racers: Racers, length: Length) -> None:
        self.racers, self.length, self.loads = racers, length, length.loads()
        self.ended: dict[str, float] = {}

    def load(self, name: str, what: str) -> dict[str, float]:
        """What load.py tells of one racer, once what it did last is forgotten."""
        time.sleep(max(0.0, self.ended.get(name, 0.0) + CALM - time.monotonic()))
        words = [sys.executable, str(HERE / "load.py"), str(self.racers.ports[name]), *map(str, self.loads[what])]
        environment = {**os.environ, "CLIENT_KEY": self.racers.client_key}
        try:
            done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=LOAD_WITHIN)
        except subprocess.TimeoutExpired:
            raise SystemExit(f"bench: {name}, {what}: not done within {LOAD_WITHIN} s") from None
        if done.returncode:
            raise SystemExit(f"bench: {name}, {what}: {done.stderr[-2000:]}")
        self.ended[name] = time.monotonic()
        figures: dict[str, float] = json.loads(done.stdout)
        say(f"{name}, {what}: {', '.join(f'{figure} {value:.1f}' for figure, value in figures.items())}")
        return figures

    def round(self, number: int) -> dict[str, dict[str, dict[str, float]]]:
        """Each load, on one racer right after the other; in each round another is the first."""
        first = number % len(RACING)
        order = RACING[first:] + RACING[:first]
        return {
            what: {name: self.load(name, what) for name in order if name != "litellm" or what not in NOT_OF_LITELLM}
            for what in LOADS
        }

    def run(self) -> Rounds:
        rounds: Rounds = []
        began, longest = time.monotonic(), 0.0
        # What is made at the first requests: connections, and what LiteLLM imports only then.
        for what in WARM:
            for name in (*RACING, *BESIDE):
                self.load(name, what)
        while len(rounds) < self.length.rounds:
            at = time.monotonic()
            if at + longest > began + LAST_ROUND_BEFORE:
                say(f"the machine is slow: {len(rounds)} rounds of {self.length.rounds}")
                break
            say(f"round {len(rounds) + 1} of {self.length.rounds}")
            rounds.append(self.round(len(rounds)))
            longest = max(longest, time.monotonic() - at)
        for what in LOADS:
            for name in BESIDE if what != "burst" else ():
                rounds[0][what][name] = self.load(name, what)
        return rounds


def say(what: str) -> None:
    print(f"bench: {what}", file=sys.stderr, flush=True)


def main() -> None:
    kafka, redis = sys.argv[1:]
    # So that it ends what it started, however it is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: stopped"))
    # A connection to the client and one to the provider for each of a burst: more than 1024, which is common.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    length = SHORT if os.environ.get("GATEWAY_RACE") == "short" else Length()
    with ExitStack() as end, tempfile.TemporaryDirectory() as folder:
        racers = Racers(Path(folder), end, kafka, redis)
        say(f"started: {', '.join(f'{name} in {seconds:.1f} s' for name, seconds in racers.started.items())}")
        rounds = Race(racers, length).run()
        print(report(rounds, length, racers.started, racers.memory, racers.resident()))


if __name__ == "__main__":
    main()
