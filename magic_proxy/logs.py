"""One JSON object a line on stdout: what Promtail and `magicctl logs` read."""

import json
import logging
import sys
from datetime import UTC, datetime

from magic_proxy import secrets, tracing


class JsonFormatter(logging.Formatter):
    """A record as a line of JSON without keys; a traceback stays inside its line."""

    def format(self, record: logging.LogRecord) -> str:
        # Microseconds: lines of one millisecond would lose their order in Loki.
        timestamp = datetime.fromtimestamp(record.created, UTC)
        line = {
            "timestamp": timestamp.isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "message": record.getMessage(),
            "name": record.name,
        }
        if trace := tracing.trace_id():
            line["trace_id"] = trace
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return secrets.mask(json.dumps(line, ensure_ascii=False))


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
