"""
The runs of one workflow beside each other: their order, and how many may be active.

Knows a policy and its limit. Does not know ticks, tasks, or what a run is made of.
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
"""How many runs are active at a time where `maxRuns` does not say it."""


NAMED = 3
"""How many runs a message names."""


@dataclass(frozen=True, slots=True)
class SiblingRun:
    """A run of the workflow that has not ended."""

    name: str
    created: datetime
    logical_time: datetime
    """Its tick; for a run without one, when it was created."""
    began: bool
    """Whether it has left the queue: its tasks may start."""
    cancelling: bool
    """Whether somebody asked for its end already."""

    @property
    def place(self) -> tuple[datetime, datetime, str]:
        """Where the run stands in the order of runs: by creation, then tick, then name."""
        return self.created, self.logical_time, self.name


def limit_of(concurrency: Concurrency) -> int | None:
    """Return how many runs may be active at a time; None if any number."""
    return concurrency.max_runs or LIMITS[concurrency.policy]


def in_order(runs: Sequence[SiblingRun]) -> list[SiblingRun]:
    """Return runs in the order in which they begin."""
    return sorted(runs, key=lambda run: run.place)


def turn_words(limit: int, ahead: Sequence[SiblingRun]) -> str:
    """
    Say whom a run waits for: of many the last few, which are the next to it.

    A queue of a thousand runs moves each time that one ends. What is told of a run must not change
    with that, or each end costs a write for each run that waits: so neither the head of the queue
    nor its length is named, and a run's message changes a few times in all.
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
