"""Which archived runs somebody looks for. Knows no database, so that commands load it at once."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Search:
    """Which runs."""

    namespace: str | None = None
    """None: those of all namespaces."""
    workflow: str | None = None
    status: str | None = None
    """A reason in any case, or `failed`: each way to fail."""
    name: str = ""
    """A part of the name."""
    most: int = 500
    """How many at most, newest first; 0: all."""
