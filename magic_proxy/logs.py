"""One JSON object a line on stdout: what Promtail and `magicctl logs` read."""

import json
import logging
import re
import sys
from datetime import UTC, datetime

from magic_proxy import secrets, tracing

# What JSON leaves as it is and terminals act upon: C1, and what turns the direction of text.
_ACTS = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_ENCODER = json.JSONEncoder(ensure_ascii=False)


class JsonFormatter(logging.Formatter):
    """A record as a line of JSON without keys; a traceback stays inside its line."""

    def format(self, record: logging.LogRecord) -> str:
        # Microseconds: lines of one millisecond would lose their order in Loki.
        timestamp = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, object] = {
            "timestamp": timestamp.isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "message": secrets.mask(record.getMessage()),
            "name": record.name,
        }
        for name, value in getattr(record, "fields", {}).items():
            line[name] = secrets.mask(value) if isinstance(value, str) else value
        if trace := tracing.trace_id():
            line["trace_id"] = trace
        if record.exc_info:
            line["exception"] = secrets.mask(self.formatException(record.exc_info))
        return _ACTS.sub(lambda found: f"\\u{ord(found[0]):04x}", _ENCODER.encode(line))


def set_up() -> None:
    """Sends every logger's records through the formatter."""
    # Half a surrogate pair in a provider's text must not lose the line.
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # They tell every retry, every request, and that they began; the health page and our own lines say the same once.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    for name in ("uvicorn", "httpx2", "httpcore2", "mcp"):
        logging.getLogger(name).setLevel(logging.WARNING)
