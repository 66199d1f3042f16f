"""Who spent what: of each request one record in the log, and the same counted for its client and for Prometheus."""

import asyncio
import logging
import time

from magic_proxy import clients, metrics, secrets
from magic_proxy.config import Config
from magic_proxy.limits import Limits
from magic_proxy.outcome import Outcome

Tokens = tuple[int, int]
"""Of the prompt and of the answer."""
# More than that of one request is an error of whoever counted.
MOST_TOKENS = 1 << 30
LONGEST = 200
COUNTS = ("prompt_tokens", "input_tokens", "completion_tokens", "output_tokens", "total_tokens")

log = logging.getLogger("magic_proxy.requests")


def tokens(outcome: Outcome, estimate: Tokens, whole: bool = True) -> tuple[Tokens, bool]:
    """What it cost, and whether that is the `estimate`, because the provider did not count, or not to the end."""
    given = {name: outcome.usage.get(name) for name in COUNTS}
    counts = {name: n for name, n in given.items() if type(n) is int and 0 <= n <= MOST_TOKENS}
    if outcome.cache == "hit":
        return (0, 0), False
    if not counts:
        return estimate, sum(estimate) > 0
    prompt = counts.get("prompt_tokens", counts.get("input_tokens", 0))
    completion = counts.get("completion_tokens", counts.get("output_tokens", 0))
    # Some have what the model thought in the sum only.
    used = prompt, max(completion, counts.get("total_tokens", 0) - prompt)
    # What was counted before the end of a stream may be less than it took.
    most = used if whole else (max(used[0], estimate[0]), max(used[1], estimate[1]))
    return most, most != used


def settle(
    limits: Limits, config: Config, line: str, outcome: Outcome, status: int, estimate: Tokens, whole: bool = True
) -> asyncio.Future[None]:
    """A request, or a step of a session, has ended; with a `status` of 0 without an answer, else `whole` or not.

    What is returned is done once its tokens are counted, which they are also when nobody waits.
    """
    client, seconds = clients.current.get(), time.monotonic() - outcome.began
    first = outcome.first - outcome.began if outcome.first else None
    (prompt, completion), estimated = tokens(outcome, estimate, whole)
    fields = {
        "client": client.name,
        "status": status,
        "model": secrets.mask(outcome.asked)[:LONGEST],
        "profile": outcome.profile,
        "provider_model": outcome.model,
        "key": outcome.key,
        "tries": outcome.tries,
        "cache": outcome.cache if outcome.cache != "off" else "",
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "tokens_estimated": estimated,
        "first_token_ms": first and round(first * 1000),
        "provider_request_id": outcome.request_id,
    }
    told = {name: value for name, value in fields.items() if value}
    log.info("%s: %s in %.0f ms", line, status or "no answer", seconds * 1000, extra={"fields": told})
    # Any text may be asked for.
    model = outcome.asked if outcome.asked in config.models() else "unknown" if outcome.asked else ""
    series = metrics.series(client.name, model, outcome.profile, status)
    series.requests.inc()
    series.seconds.observe(seconds)
    if first is not None:
        series.first.observe(first)
    series.prompt.inc(prompt)
    series.completion.inc(completion)
    series.hits.inc(outcome.cache == "hit")
    return limits.charge(client, prompt + completion)
