"""
The known name that somebody may have meant.

Knows letters. Knows no field and no kind of name.
"""

from collections.abc import Iterable
from difflib import get_close_matches


def closest(name: str, known: Iterable[str], likeness: float = 0.6) -> str | None:
    """Return the known name that looks most like a name, whatever its case; None: none does."""
    by_lower = {name.lower(): name for name in known}
    found = get_close_matches(name.lower(), by_lower, 1, likeness)
    return by_lower[found[0]] if found else None


def did_you_mean(name: str, known: Iterable[str], likeness: float = 0.6) -> str:
    """Ask for the known name that is closest, or say nothing."""
    close = closest(name, known, likeness)
    return f"did you mean {close!r}?" if close is not None else ""
