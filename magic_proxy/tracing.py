"""One trace through gateway, Kafka, worker and tools: its id is in every log line; spans are exported when asked for.

`OTEL_TRACES_EXPORTER` (otlp or console) says how, the other `OTEL_…` variables say where to.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from magic_proxy import secrets

os.environ.setdefault("OTEL_SERVICE_NAME", "magicproxy")
_exporter, _header = os.environ.get("OTEL_TRACES_EXPORTER", "none"), TraceContextTextMapPropagator()
# Spans that nobody is sent have their ids and nothing else, in half the time.
_sent = _exporter in ("otlp", "console")
_provider = TracerProvider(sampler=ALWAYS_ON if _sent else ALWAYS_OFF)
_tracer = _provider.get_tracer("magic_proxy")


def set_up() -> None:
    """Makes the exporter that the environment asks for; what is still to be sent at the process's end is sent then."""
    exporter: SpanExporter
    if _exporter == "otlp":
        # Importing it takes longer than all the rest of OpenTelemetry.
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        exporter = OTLPSpanExporter()
    elif _exporter == "console":
        # A span a line, as every other line of the log.
        exporter = ConsoleSpanExporter(formatter=lambda span: span.to_json(indent=None) + "\n")
    else:
        return
    _provider.add_span_processor(BatchSpanProcessor(exporter))


@contextmanager
def span(name: str, parent: str | None = None) -> Iterator[None]:
    """What is done inside belongs to the trace of `parent` (a traceparent), or to a new one; without it to the current.

    Whoever begins something of somebody else gives one, also an empty one: after a large body a connection's further
    requests are begun where the first one's trace is still the current.
    """
    if parent is None and not _sent:
        # Inside of a trace that nobody is sent only the trace's own id is ever seen.
        yield
        return
    context = None if parent is None else _header.extract({"traceparent": parent}, Context())
    # Exceptions are not recorded as they are: their text may hold a key.
    with _tracer.start_as_current_span(name, context, record_exception=False, set_status_on_exception=False) as current:
        try:
            yield
        except Exception as error:
            current.set_status(trace.StatusCode.ERROR, secrets.mask(f"{type(error).__name__}: {error}"))
            raise


def traceparent() -> str:
    """What carries the trace on; empty outside of one."""
    carrier: dict[str, str] = {}
    _header.inject(carrier)
    return carrier.get("traceparent", "")


def trace_id() -> str:
    """The current trace; empty outside of one."""
    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else ""
