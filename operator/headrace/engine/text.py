"""
Texts as the API takes them: bounded messages, lists of names, instants.

Knows lengths and formats. Knows nothing of what is said.
"""

from collections.abc import Sequence
from datetime import datetime

from headrace.api.checks.instants import to_the_second, write_time

LONGEST_MESSAGE = 1024
"""The most characters that a message in a status may have."""

LONGEST_WORDS = 900
"""The most of it that may be somebody else's words: ours and a mark have room beside them."""


def clip(text: str, length: int = LONGEST_MESSAGE) -> str:
    """Return a text that fits: its beginning, and a mark where the rest was."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def listed(names: Sequence[str], most: int) -> str:
    """Return names for a sentence, and how many were left out: `a, b, c and 4 more`."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


def rfc3339(instant: datetime) -> str:
    """Write an instant as Kubernetes does: UTC, whole seconds, `Z`."""
    return write_time(to_the_second(instant))
