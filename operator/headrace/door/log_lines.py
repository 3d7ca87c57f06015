"""
The lines of the log: one JSON object each, in the words of the controller's log, or plain text.

Knows Python's logging. What is logged is the business of the other modules.
"""

import json
import logging
from datetime import UTC, datetime


class JsonLines(logging.Formatter):
    """Writes a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {
            "message": record.getMessage(),
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "severity": record.levelname.lower(),
        }
        if record.exc_info:
            line["exc_info"] = self.formatException(record.exc_info)
        return json.dumps(line)


def configure(form: str, level: str) -> None:
    """Log to standard error, in a form (json, plain) and from a level on."""
    handler = logging.StreamHandler()
    plain = logging.Formatter("[%(asctime)s] %(name)s [%(levelname)s] %(message)s")
    handler.setFormatter(JsonLines() if form == "json" else plain)
    logging.basicConfig(handlers=[handler], level=level.upper())
    logging.getLogger("aiohttp").setLevel(logging.WARNING)
