"""
The types of a workflow's history: its grid, its days, its revisions, its next ticks.

As in `headrace.views.rows`: times are RFC 3339, an empty text is not known. Knows no object.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from headrace.views.rows import RunRow


@dataclass(frozen=True, slots=True)
class CellState:
    """One state that cells of a grid have."""

    reason: str
    tone: str
    """One word of `Tone`."""


@dataclass(frozen=True, slots=True)
class Usual:
    """How long the runs that succeeded took, in seconds."""

    low: float
    """One run of ten was faster."""
    middle: float
    high: float
    """One run of ten was slower."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Runs and tasks: each pair with its state."""

    tasks: Sequence[str]
    """In the order of the newest definition; then those that only older ones have."""
    runs: Sequence[RunRow]
    """Oldest first."""
    states: Sequence[CellState]
    """All states that cells have."""
    cells: Sequence[Sequence[int]]
    """For each run, for each task: the place of its state in `states`; -1: it has no such task."""
    usual: Usual | None
    """None: too few runs have succeeded."""
    more: bool
    """Whether there are older runs."""


@dataclass(frozen=True, slots=True)
class Day:
    """The runs of one day."""

    date: str
    """Such as 2030-01-31."""
    good: int
    bad: int
    off: int
    going_on: int
    run: str
    """The name of the run if it is the only one; empty: there are several."""


@dataclass(frozen=True, slots=True)
class Revision:
    """One definition that a workflow has had."""

    name: str
    number: int
    """1 is the oldest."""
    created: str
    runs: int
    """How many of the runs that are there have it."""
    newest_run: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that two definitions have otherwise."""

    field: str
    """Its path: `tasks[load].retry.limit`."""
    before: str
    """As JSON, or the text itself; empty: it was not there."""
    after: str
    """The same; empty: it is not there any more."""
    change: str
    """`added`, `removed`, `changed` or `moved`."""


@dataclass(frozen=True, slots=True)
class Tick:
    """An instant at which a schedule fires."""

    run: str
    """The name that its run will have."""
    local: str
    """In the zone of the schedule."""
    zone: str
    utc: str
    clocks: str
    """What the clocks of the zone did since the tick before, as `+01:00`; empty: nothing."""
