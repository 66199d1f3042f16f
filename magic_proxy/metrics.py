"""Numbers for Prometheus. Their labels are names from files, and statuses: strangers can't make series."""

import prometheus_client as prometheus

# Of an answer: from one that comes at once to one of a model that thinks for minutes.
SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
TYPE = prometheus.CONTENT_TYPE_LATEST

_registry = prometheus.CollectorRegistry()
_who = ("client", "model", "profile")
prometheus.ProcessCollector(registry=_registry)


def _counter(name: str, told: str, *labels: str) -> prometheus.Counter:
    return prometheus.Counter(f"magicproxy_{name}", told, labels, registry=_registry)


def _histogram(name: str, told: str) -> prometheus.Histogram:
    return prometheus.Histogram(f"magicproxy_{name}", told, ("profile",), buckets=SECONDS, registry=_registry)


requests = _counter("requests", "Requests that ended; with the status 0 without an answer.", *_who, "status")
tokens = _counter("tokens", "Tokens of prompts and completions.", *_who, "kind")
cache_hits = _counter("cache_hits", "Requests that were answered from the cache.", *_who)
seconds = _histogram("request_seconds", "From a request to the end of its answer.")
first_token = _histogram("first_token_seconds", "From a request to the first of its answer.")
keys = prometheus.Gauge("magicproxy_keys", "Keys of providers.", ("pool", "state"), registry=_registry)


def page(counts: dict[str, dict[str, int]]) -> bytes:
    """All of them, as text; `counts` says how many keys are in which state."""
    keys.clear()
    for pool, states in counts.items():
        for state, count in states.items():
            keys.labels(pool, state).set(count)
    return prometheus.generate_latest(_registry)
