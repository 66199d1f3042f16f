"""Numbers for Prometheus. Their labels are names from files, and statuses: strangers can't make series."""

from functools import lru_cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

# Of an answer: from one that comes at once to one of a model that thinks for minutes.
SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
WHO, ALL = ("client", "model", "profile"), CollectorRegistry()

requests = Counter("magicproxy_requests", "With the status 0: without an answer.", (*WHO, "status"), registry=ALL)
tokens = Counter("magicproxy_tokens", "Tokens of prompts and completions.", (*WHO, "kind"), registry=ALL)
hits = Counter("magicproxy_cache_hits", "Requests that were answered from the cache.", WHO, registry=ALL)
seconds = Histogram("magicproxy_request_seconds", "To the end of the answer.", WHO[2:], registry=ALL, buckets=SECONDS)
first = Histogram("magicproxy_first_token_seconds", "To the first of it.", WHO[2:], registry=ALL, buckets=SECONDS)
keys = Gauge("magicproxy_keys", "Keys of providers.", ("pool", "state"), registry=ALL)
ProcessCollector(registry=ALL)


class Series:
    """What the requests of one client to one profile count in: looked up once, as that takes longer than counting."""

    def __init__(self, client: str, model: str, profile: str, status: int) -> None:
        who = client, model, profile
        self.requests, self.hits = requests.labels(*who, status), hits.labels(*who)
        self.prompt, self.completion = tokens.labels(*who, "prompt"), tokens.labels(*who, "completion")
        self.seconds, self.first = seconds.labels(profile), first.labels(profile)


series = lru_cache(1024)(Series)


def page(counts: dict[str, dict[str, int]]) -> bytes:
    """All of them, as text; `counts` says how many keys are in which state."""
    keys.clear()
    for pool, states in counts.items():
        for state, count in states.items():
            keys.labels(pool, state).set(count)
    return generate_latest(ALL)
