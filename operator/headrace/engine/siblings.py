"""
The runs of one workflow: their order, and how many may be active.

Knows a policy and its limit. Does not know ticks, tasks or definitions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from headrace.api.v1alpha1.trigger import Concurrency, ConcurrencyPolicy

LIMITS = {
    ConcurrencyPolicy.ALLOW: None,
    ConcurrencyPolicy.FORBID: 1,
    ConcurrencyPolicy.REPLACE: 1,
    ConcurrencyPolicy.QUEUE: 1,
}
"""How many runs are active at a time without `maxRuns`."""


NAMED = 3
"""How many runs a message names."""


@dataclass(frozen=True, slots=True)
class SiblingRun:
    """A run of the workflow that has not ended."""

    name: str
    created: datetime
    logical_time: datetime
    """The tick; for a run without a tick, its creation."""
    began: bool
    """Whether the run has left the queue: its tasks may start."""
    cancelling: bool
    """Whether somebody has asked for its end."""
    inside: bool = False
    """Whether another run of the workflow has called it, perhaps through others: it is part of that
    run, so it neither waits nor counts."""

    @property
    def place(self) -> tuple[datetime, datetime, str]:
        """The sort key of the run: creation, then tick, then name."""
        return self.created, self.logical_time, self.name


def limit_of(concurrency: Concurrency) -> int | None:
    """Return how many runs may be active at a time; None: no limit."""
    return concurrency.max_runs or LIMITS[concurrency.policy]


def in_order(runs: Sequence[SiblingRun]) -> list[SiblingRun]:
    """Return runs in the order of their beginnings."""
    return sorted(runs, key=lambda run: run.place)


def turn_words(limit: int, ahead: Sequence[SiblingRun]) -> str:
    """
    Say which runs a run waits for: the last few, which are nearest to it.

    A queue of a thousand runs moves at each end of a run. If the messages changed with it, each end
    would cost a write for each waiting run. So a message names neither the head of the queue nor
    its length, and changes only a few times.
    """
    runs = "1 run is" if limit == 1 else f"{limit} runs are"
    names = [run.name for run in in_order(ahead)]
    nearest = names[-NAMED:]
    if len(names) > NAMED:
        return f"{runs} allowed at a time; {', '.join(nearest)} and others come first"
    return f"{runs} allowed at a time, and {', '.join(nearest)} {have(names)} not ended"


def have(names: Sequence[str]) -> str:
    """Return the verb that fits a number of names."""
    return "has" if len(names) == 1 else "have"
