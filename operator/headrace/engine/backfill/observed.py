"""
An observed backfill, and the decision on it.

Values only. Knows no rule.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from headrace.api.v1alpha1.backfill import BackfillSpec
from headrace.api.v1alpha1.params import Param
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.rerun import RerunOf
from headrace.api.v1alpha1.trigger import Concurrency, Schedule
from headrace.engine.backfill.existing import TickRun
from headrace.engine.backfill.plan import Hindrance
from headrace.engine.places import NO_PLACES, Places
from headrace.engine.siblings import SiblingRun
from headrace.engine.workflow.observed import NewRun


@dataclass(frozen=True, slots=True)
class KnownWorkflow:
    """The parts of a workflow that a backfill needs."""

    schedules: tuple[Schedule, ...] = ()
    concurrency: Concurrency = field(default_factory=Concurrency)
    params: tuple[Param, ...] = ()


@dataclass(frozen=True, slots=True)
class BackfillLog:
    """The log of a backfill: the recorded status. A logical time is its position, 0 the oldest."""

    reason: Reason = Reason.PENDING
    message: str = ""
    succeeded: bool | None = None
    """None: it has not ended."""
    begun: datetime | None = None
    finished: datetime | None = None
    observed_generation: int = 0
    schedules: tuple[Schedule, ...] | None = None
    """The schedules of the workflow when the backfill began."""
    total: int = 0
    started: Places = NO_PLACES
    good: Places = NO_PLACES
    """Those whose run succeeded."""
    bad: Places = NO_PLACES
    """Those whose run ended in another way, or was deleted before its end."""
    skipped: Places = NO_PLACES
    next: datetime | None = None
    names: tuple[str, ...] = ()

    @property
    def settled(self) -> Places:
        """The logical times that need nothing more."""
        return self.good | self.bad | self.skipped

    @property
    def active(self) -> Places:
        """The logical times whose runs have not ended."""
        return self.started - self.settled

    @property
    def open(self) -> Places:
        """The logical times without a run."""
        return Places.first(self.total) - self.settled - self.started


@dataclass(frozen=True, slots=True)
class ObservedBackfill:
    """The state of a backfill at one moment."""

    created: datetime
    generation: int
    spec: BackfillSpec | None
    """None: it cannot be read, and `problem` says why."""
    problem: str = ""
    workflow: KnownWorkflow | None = None
    hindrance: Hindrance | None = None
    """Why there is no workflow."""
    runs: Mapping[str, Sequence[TickRun]] = field(default_factory=dict)
    """The runs of each logical time that has some, oldest first, by the name of its own run."""
    others: tuple[SiblingRun, ...] = ()
    """The other runs of the workflow that have not ended."""
    made: Places = NO_PLACES
    """The logical times whose created runs the status does not show yet. Somebody may have deleted
    these runs."""
    log: BackfillLog = field(default_factory=BackfillLog)


@dataclass(frozen=True, slots=True)
class PlacedRun:
    """A run to create, and the position of its logical time."""

    place: int
    run: NewRun
    rerun_of: RerunOf | None = None
    """What it repeats of an earlier run, whose instants it has too."""


@dataclass(frozen=True, slots=True)
class BackfillDecision:
    """
    The decision on a backfill: runs to create, then the status.

    In this order, a run or the status proves each start at each moment, and nothing starts twice.
    """

    create: tuple[PlacedRun, ...] = ()
    cancel: tuple[str, ...] = ()
    status: BackfillLog | None = None
    """None: nothing to write."""
    look_again_at: datetime | None = None
