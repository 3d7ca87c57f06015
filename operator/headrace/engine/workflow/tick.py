"""A tick of a schedule. Values only: knows no schedule."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Tick:
    """An instant at which a run is due."""

    at: datetime
    """The run's logical time, and the end of its interval."""
    interval_start: datetime
    """The tick before it."""
