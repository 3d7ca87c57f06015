"""
Texts as the API takes them: bounded messages, instants.

Knows lengths and formats. Knows nothing of what is said.
"""

from datetime import UTC, datetime

LONGEST_MESSAGE = 1024
"""The most characters that a message in a status may have."""


def clip(text: str, length: int = LONGEST_MESSAGE) -> str:
    """Return a text that fits: its beginning, and a mark where the rest was."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def rfc3339(instant: datetime) -> str:
    """Write an instant as Kubernetes does: UTC, whole seconds, `Z`."""
    return f"{instant.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat()}Z"
