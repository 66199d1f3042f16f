"""Who spent what: of each request one record in the log, and the same counted for its client and for Prometheus."""

import asyncio
import logging
import time

from magic_proxy import clients
from magic_proxy.config import Config
from magic_proxy.limits import Limits
from magic_proxy.outcome import Outcome

Tokens = tuple[int, int]
"""Of the prompt and of the answer."""
# More than that of one request is an error of whoever counted.
MOST_TOKENS = 1 << 30
LONGEST = 200

log = logging.getLogger("magic_proxy.requests")


def tokens(outcome: Outcome, estimate: Tokens) -> Tokens:
    """What it cost: as the provider counts it; where it did not, as of an answer that was cut, `estimate`."""
    if outcome.cache == "hit":
        return 0, 0
    if not outcome.usage:
        return estimate
    counts = {name: n for name, n in outcome.usage.items() if type(n) is int and 0 <= n <= MOST_TOKENS}
    prompt = counts.get("prompt_tokens", counts.get("input_tokens", 0))
    completion = counts.get("completion_tokens", counts.get("output_tokens", 0))
    # Some have what the model thought in the sum only.
    return prompt, max(completion, counts.get("total_tokens", 0) - prompt)


class Spend:
    """What this process's requests took."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._charging: set[asyncio.Task[None]] = set()

    def settle(
        self, config: Config, line: str, outcome: Outcome, status: int, estimate: Tokens
    ) -> asyncio.Future[None]:
        """A request, or a step of a session, has ended; with a `status` of 0 without an answer.

        What is returned is done once its tokens are counted, which they are also when nobody waits.
        """
        record(config, line, outcome, status, estimate)
        task = asyncio.create_task(self._limits.charge(clients.current.get(), sum(tokens(outcome, estimate))))
        self._charging.add(task)
        task.add_done_callback(self._charging.discard)
        return asyncio.shield(task)

    async def stop(self) -> None:
        """Waits for what is still being counted."""
        await asyncio.gather(*self._charging)


def record(config: Config, line: str, outcome: Outcome, status: int, estimate: Tokens) -> None:
    """The record, and the numbers."""
    # Not before the first request: importing it takes a tenth of a second.
    from magic_proxy import metrics

    client, seconds = clients.current.get().name, time.monotonic() - outcome.began
    first = outcome.first - outcome.began if outcome.first else None
    prompt, completion = tokens(outcome, estimate)
    fields = {
        "client": client,
        "status": status,
        "model": outcome.asked[:LONGEST],
        "profile": outcome.profile,
        "provider_model": outcome.model,
        "key": outcome.key,
        "tries": outcome.tries,
        "cache": outcome.cache if outcome.cache != "off" else None,
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "tokens_estimated": prompt + completion > 0 and not outcome.usage,
        "first_token_ms": first and round(first * 1000),
        "provider_request_id": outcome.request_id[:LONGEST],
    }
    told = {name: value for name, value in fields.items() if value}
    log.info("%s: %s in %.0f ms", line, status or "no answer", seconds * 1000, extra={"fields": told})
    # Any text may be asked for.
    model = outcome.asked if outcome.asked in config.models() else "unknown" if outcome.asked else ""
    who = client, model, outcome.profile
    metrics.requests.labels(*who, status).inc()
    metrics.seconds.labels(outcome.profile).observe(seconds)
    if first is not None:
        metrics.first_token.labels(outcome.profile).observe(first)
    for kind, count in (("prompt", prompt), ("completion", completion)):
        if count:
            metrics.tokens.labels(*who, kind).inc(count)
    if outcome.cache == "hit":
        metrics.cache_hits.labels(*who).inc()
