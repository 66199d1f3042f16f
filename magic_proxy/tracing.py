"""One trace through gateway, Kafka, worker and tools: its id is in every log line; spans are exported when asked for.

`OTEL_TRACES_EXPORTER` (otlp or console) turns spans on, the other `OTEL_…` variables say where to; else OpenTelemetry
is not even imported.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from random import getrandbits
from typing import Any

from magic_proxy import secrets

_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
_current: ContextVar[str] = ContextVar("traceparent", default="")
_tracer: Any = None


def set_up() -> None:
    """Makes the exporter that the environment asks for; what is still to be sent at the process's end is sent then."""
    global _tracer
    wanted = os.environ.get("OTEL_TRACES_EXPORTER", "none")
    if wanted not in ("otlp", "console"):
        return
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter

    if wanted == "otlp":
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        exporter: SpanExporter = OTLPSpanExporter()
    else:
        # A span a line, as every other line of the log.
        exporter = ConsoleSpanExporter(formatter=lambda span: span.to_json(indent=None) + "\n")
    os.environ.setdefault("OTEL_SERVICE_NAME", "magicproxy")
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(exporter))
    _tracer = provider.get_tracer("magic_proxy")


@contextmanager
def span(name: str, parent: str | None = None) -> Iterator[None]:
    """What is done inside belongs to the trace of `parent` (a traceparent), or to a new one; without it to the current.

    Whoever begins something of somebody else gives one, also an empty one: after a large body a connection's further
    requests are begun where the first one's trace is still the current.
    """
    parent = _current.get() if parent is None else parent if _TRACEPARENT.fullmatch(parent) else ""
    trace = parent[3:35] or f"{getrandbits(128):032x}"
    alone = f"00-{trace}-{getrandbits(64):016x}-01"
    with _exported(name, parent) if _tracer else nullcontext(alone) as carried:
        token = _current.set(carried)
        try:
            yield
        finally:
            _current.reset(token)


@contextmanager
def _exported(name: str, parent: str) -> Iterator[str]:
    """The traceparent of a span that is exported."""
    from opentelemetry.trace import Status, StatusCode
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    context = TraceContextTextMapPropagator().extract({"traceparent": parent})
    # Not recorded as they are: an exception's text may hold a key.
    plain = {"record_exception": False, "set_status_on_exception": False}
    with _tracer.start_as_current_span(name, context, **plain) as current:
        ids = current.get_span_context()
        try:
            yield f"00-{ids.trace_id:032x}-{ids.span_id:016x}-01"
        except Exception as error:
            current.set_status(Status(StatusCode.ERROR, secrets.mask(f"{type(error).__name__}: {error}")))
            raise


def traceparent() -> str:
    """What carries the trace on; empty outside of one."""
    return _current.get()


def trace_id() -> str:
    """The current trace; empty outside of one."""
    return _current.get()[3:35]
