"""
Ends of other workflows' runs, and the record of the handled ones.

Values only. Knows no trigger.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import Interval
from headrace.api.v1alpha1.trigger import RunOutcome


@dataclass(frozen=True, slots=True, order=True)
class Upstream:
    """Another workflow whose ends start runs of this one."""

    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Handled:
    """The record of an upstream workflow: no end in it starts a run again."""

    until: datetime
    """All runs that ended at this instant or before are handled."""
    later: frozenset[str] = frozenset()
    """The uids of the handled runs that ended later."""

    def __contains__(self, end: "RunEnd") -> bool:
        """Return whether an end is handled."""
        return end.finished <= self.until or end.uid in self.later


Record = Mapping[Upstream, Handled]


@dataclass(frozen=True, slots=True)
class RunEnd:
    """An ended run of an upstream workflow."""

    name: str
    uid: str
    finished: datetime
    outcome: RunOutcome
    logical_time: datetime
    interval: Interval | None = None
    outputs: Mapping[str, Any] = field(default_factory=dict)
    depth: int = 0
    """How many ends of runs led to it, one after the other."""


@dataclass(frozen=True, slots=True)
class ObservedUpstream:
    """The ended runs of an upstream workflow."""

    ends: tuple[RunEnd, ...] = ()
    exported: bool = True
    """Whether this workflow may follow it."""


def outcome_of(reason: str, *, succeeded: bool) -> RunOutcome:
    """Return how a run has ended."""
    if succeeded:
        return RunOutcome.SUCCEEDED
    ended_by_people = {Reason.STOPPED, Reason.CANCELLED, Reason.TERMINATED}
    return RunOutcome.CANCELLED if reason in ended_by_people else RunOutcome.FAILED
