"""
The items of a task on record: which succeeded, which failed for good, and how often others failed.

Values only. Knows no rule and no world. An item is known by its index: its place in the list.
"""

from dataclasses import dataclass

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.places import NO_PLACES, Places


@dataclass(frozen=True, slots=True)
class ItemFailure:
    """How an item failed."""

    index: int
    reason: Reason
    message: str = ""
    exit_code: int | None = None


@dataclass(frozen=True, slots=True)
class FailureCount:
    """Items that failed equally often and will run again."""

    items: Places
    user: int = 0
    infrastructure: int = 0


@dataclass(frozen=True, slots=True)
class ItemsLog:
    """All facts about a task's items that must survive a crash."""

    total: int
    succeeded: Places = NO_PLACES
    failed: Places = NO_PLACES
    """The items that failed and will not run again."""
    retrying: Places = NO_PLACES
    """The items that failed in the newest attempt, and run again in the next one."""
    counts: tuple[FailureCount, ...] = ()
    """How often the items failed that will run again. Items in none of them never failed."""
    failures: tuple[ItemFailure, ...] = ()
    """How items failed last that have not succeeded, lowest index first. A bounded number."""
    running: Places = NO_PLACES
    """The items whose program runs, for people only."""
    taken_over: Places = NO_PLACES
    """The items among those that succeeded that an earlier run did."""
    digest: str = ""
    """A hash of the items; empty: nobody knows it."""
    memory_rule: int | None = None
    """The place in `retry.rules` of the rule that raises the memory of the next attempt."""

    @property
    def todo(self) -> Places:
        """The items that an attempt must still run: they have neither succeeded nor failed."""
        return Places.first(self.total) - self.succeeded - self.failed

    @property
    def open(self) -> Places:
        """The items of the newest attempt that have not ended."""
        return self.todo - self.retrying

    @property
    def todo_again(self) -> Places:
        """The items that a rerun must run: they have not succeeded."""
        return Places.first(self.total) - self.succeeded

    @property
    def unsuccessful(self) -> Places:
        """The items whose last run failed."""
        return self.failed | self.retrying

    def count_of(self, index: int) -> FailureCount:
        """Return how often an item failed."""
        found = (count for count in self.counts if index in count.items)
        return next(found, FailureCount(NO_PLACES))
