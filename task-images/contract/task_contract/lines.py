"""
Log lines: one object of JSON a line, with a level, on standard output.

Knows the form. Knows no secret, so never give it one.
"""

import json
import os
from datetime import UTC, datetime
from typing import Any

STDOUT = 1


def debug(message: str, **fields: Any) -> None:
    """Write a line for those who look for the cause of something."""
    _write("debug", message, fields)


def info(message: str, **fields: Any) -> None:
    """Write a line on what goes on."""
    _write("info", message, fields)


def warning(message: str, **fields: Any) -> None:
    """Write a line on what may not be as it should."""
    _write("warning", message, fields)


def error(message: str, **fields: Any) -> None:
    """Write a line on what went wrong, and what to do."""
    _write("error", message, fields)


def progress(done: int, total: int | None = None, what: str = "") -> None:
    """
    Write how far the work is.

    Args:
        done: How much is done.
        total: How much there is; None: nobody knows.
        what: What is counted, in the plural: `pages`.

    """
    of = "" if total is None else f" of {total:,}"
    fields = {"done": done, **({} if total is None else {"total": total})}
    _write("info", f"{done:,}{of} {what}".strip(), {"progress": fields})


def _write(level: str, message: str, fields: dict[str, Any]) -> None:
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    line = {"time": now, "level": level, "message": message, **fields}
    text = f"{json.dumps(line, ensure_ascii=False, default=str)}\n".encode(errors="replace")
    # Not by sys.stdout: a handler of a signal may come in the middle of a line, and write one too.
    while text:
        text = text[os.write(STDOUT, text) :]
