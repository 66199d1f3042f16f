"""One JSON object a line on stdout: what Promtail and `magicctl logs` read."""

import json
import logging
import sys
from datetime import datetime, timezone


class JsonFormatter(logging.Formatter):
    """A record as a line of JSON; a traceback stays inside its line."""

    def format(self, record: logging.LogRecord) -> str:
        # Microseconds: lines of one millisecond would lose their order in Loki.
        timestamp = datetime.fromtimestamp(record.created, timezone.utc)
        line = {
            "timestamp": timestamp.isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "message": record.getMessage(),
            "name": record.name,
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def set_up() -> None:
    """Sends every logger's records through the formatter."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # They tell every retry, and that they began; the health page and our own lines say the same once.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
