"""
The end of a log, as text that is harmless to a terminal.

Knows files. Knows no task.
"""

import os
from collections import deque
from pathlib import Path
from typing import Final

from headrace.cli.words import harmless

_TAIL_BYTES: Final = 16_384


def tail(log: Path, count: int) -> list[str]:
    """Return the last lines of a log, as text that is harmless to a terminal."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return []
    return [harmless(line) for line in deque(text.splitlines(), maxlen=count)]
