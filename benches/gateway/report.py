"""What the race came to, as docs/benchmarks-gateway.md: ratios of one round each, and what they are held to."""

import os
import platform
import re
import statistics
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from length import Length

Round = dict[str, dict[str, dict[str, float]]]
"""By load, by racer, by figure."""
Rounds = list[Round]

LITELLM = Path(__file__).parents[2] / "scripts/python/litellm.in"
TOLD = {
    "gateway": "the gateway",
    "httpx2": "FastAPI + httpx2, bare",
    "litellm": "LiteLLM",
    "httpx": "FastAPI + httpx, bare",
    "provider": "the provider itself",
}
COLUMNS = (
    ("one", "per_second"),
    ("many", "per_second"),
    ("full", "streams_per_second"),
    ("full", "events_per_second"),
    ("paced", "delay_p50_ms"),
    ("paced", "delay_p99_ms"),
    ("paced", "first_p99_ms"),
    ("burst", "before"),
    ("burst", "after"),
)


class Target(NamedTuple):
    """A ratio of each round, and what it should at least, or at most, be."""

    what: str
    ratio: Callable[[Round], float]
    sign: str
    bound: float

    def row(self, rounds: Rounds) -> str:
        ratios = [self.ratio(one) for one in rounds]
        middle = statistics.median(ratios)
        held = f"{sum(map(self.holds, ratios))} of {len(ratios)}"
        met = "yes" if self.holds(middle) else "**no**"
        return f"| {self.what} | {self.sign} {self.bound:g} | {min(ratios):.2f} | **{middle:.2f}** | {max(ratios):.2f} | {met} | {held} |"

    def holds(self, ratio: float) -> bool:
        return ratio >= self.bound if self.sign == "≥" else ratio <= self.bound


def against(other: str, load: str, figure: str) -> Callable[[Round], float]:
    """The gateway's figure by that of another in the same round."""
    return lambda one: one[load]["gateway"][figure] / one[load][other][figure]


def after_burst(one: Round) -> float:
    figures = one["burst"]["gateway"]
    return figures["after"] / figures["before"]


def targets(length: Length) -> list[Target]:
    speeds = (
        ("requests/s, one client", "one", "per_second"),
        ("requests/s, 32 clients", "many", "per_second"),
        (f"streams/s, {length.streams} at once", "full", "streams_per_second"),
    )
    rivals = (("bare", "httpx2", 0.85), ("LiteLLM", "litellm", 5.0))
    return [
        *(
            Target(f"{what}: gateway ÷ {told}", against(name, load, figure), "≥", bound)
            for what, load, figure in speeds
            for told, name, bound in rivals
        ),
        Target("p99 of the first event: gateway ÷ bare", against("httpx2", "paced", "first_p99_ms"), "≤", 2),
        # Two of the same should be equal; what is between two runs of a quiet machine is allowed.
        Target(f"requests/s, one client: after a burst of {length.burst} ÷ before", after_burst, "≥", 0.9),
    ]


def figures(rounds: Rounds) -> str:
    """Medians by racer."""
    lines = []
    for name, told in TOLD.items():
        cells = []
        for load, figure in COLUMNS:
            values = [one[load][name][figure] for one in rounds if name in one[load]]
            places = 1 if figure.endswith("_ms") else 0
            cells.append(f"{statistics.median(values):,.{places}f}" if values else "")
        lines.append(f"| {told} | {' | '.join(cells)} |")
    return "\n".join(lines)


def report(
    rounds: Rounds, length: Length, started: dict[str, float], before: dict[str, float], after: dict[str, float]
) -> str:
    day, count = datetime.now(UTC).strftime("%-d %B %Y"), len(rounds)
    found = re.search(r"==(\S+)", LITELLM.read_text())
    version = found[1] if found else "?"
    held = "\n".join(target.row(rounds) for target in targets(length))
    return f"""# The gateway compared with a bare pass-through and LiteLLM

Written by `make bench`, or by `scripts/bench-gateway` alone. {day}, {os.cpu_count()} cores, Python {platform.python_version()}, LiteLLM {version}; {count} rounds.
In a round, each load runs against one program right after the other, in another order each time. A ratio compares results of one round. Clients,
provider and program share the cores, and each program has as many processes as the gateway.

| | target | min | median | max | met | in rounds |
| --- | --- | --- | --- | --- | --- | --- |
{held}

*Bare* is a pass-through built with FastAPI and httpx2, the gateway's own HTTP client, without keys, fallbacks, checks or logs. LiteLLM's proxy has one
model, no database, a key for its clients (it doesn't start without one), and otherwise its defaults. The gateway needs no client key here.

## Figures

Medians; the last two rows were measured once. *Whole answers*: each client sends the next request as soon as it has an answer. *Full speed*:
{length.streams} parallel streams of {length.pieces} events each, as fast as possible, each followed by the next. *Paced*: {length.streams} streams with five events a
second each; the delay is from when the provider sends an event until the client receives it, for the first event from the request on. *Burst*: whole
answers for one client, before and right after {length.burst} parallel connections that each waited a second for one answer.

| | whole answers/s: one client | 32 clients | full speed: streams/s | events/s | paced: delay p50, ms | p99, ms | first event p99, ms | burst: answers/s before | after |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
{figures(rounds)}

Unlike a pass-through, the gateway checks the request, routes it, picks a key, checks that each event is complete and valid JSON (so that a cut or
garbled stream ends with an error and is never cached), searches the answer for keys, and writes a log line. This costs little, because events that
arrive together are passed on as one block, and because there is no FastAPI.

The gateway answers {started["gateway"]:.2f} s after its process starts, with Kafka and Redis connected. Its resident memory is {before["gateway"]:.0f} MB then, and
{after["gateway"]:.0f} MB after the race. LiteLLM: {started["litellm"]:.1f} s, {before["litellm"]:.0f} MB, {after["litellm"]:.0f} MB."""
