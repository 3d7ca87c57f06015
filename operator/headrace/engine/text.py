"""
Texts for the API: bounded messages, lists of names, instants.

Knows lengths and formats. Does not know the content.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from headrace.api.checks.instants import to_the_second, write_time

LONGEST_MESSAGE = 1024
"""The most characters that a message in a status may have."""

LONGEST_WORDS = 900
"""The most characters of somebody else's words in a message: the rest is for ours, and for a
mark."""


def clip(text: str, length: int = LONGEST_MESSAGE) -> str:
    """Return a text that fits: its beginning, and a mark in place of the rest."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def listed(names: Sequence[str], most: int) -> str:
    """Return names for a sentence, and how many were left out: `a, b, c and 4 more`."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} {and_more(len(names) - most)}"


def and_more(left_out: int) -> str:
    """Say how many things a list leaves out."""
    return f"and {left_out} more"


def rfc3339(instant: datetime) -> str:
    """Write an instant as Kubernetes does: UTC, whole seconds, `Z`."""
    return write_time(to_the_second(instant))


def duration(length: timedelta, *, tenths: bool = False) -> str:
    """
    Write a length of time as `kubectl` does: `41s`, `3m20s`, `2h5m`.

    Args:
        length: The time. Clocks that differ may make it negative; then it is none.
        tenths: Write those of a second too, up to ten seconds: `0.4s`.

    """
    exact = max(0.0, length.total_seconds())
    if tenths and exact < 10:  # noqa: PLR2004 - from here on tenths are noise
        return f"{exact:.1f}s"
    minutes, seconds = divmod(round(exact), 60)
    hours, minutes = divmod(minutes, 60)
    parts = {"h": hours, "m": minutes, "s": 0 if hours else seconds}
    return "".join(f"{count}{unit}" for unit, count in parts.items() if count) or "0s"


def time_taken(begin: datetime | None, end: datetime | None) -> str | None:
    """Write the time from a begin to an end; None: one of them has not come yet."""
    return None if begin is None or end is None else duration(end - begin)
