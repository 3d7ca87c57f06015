"""
An observed workflow, and the decision on it.

Values only. Knows no rule, and no task.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from headrace.api.v1alpha1.params import ParamGiven
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import EndedRun, Interval, TriggerKind
from headrace.api.v1alpha1.webhook import Delivery
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.engine.archive import ArchiveTerms
from headrace.engine.siblings import SiblingRun
from headrace.engine.workflow.ends import ObservedUpstream, Record, Upstream
from headrace.engine.workflow.schedule import Note, Recorded


@dataclass(frozen=True, slots=True)
class KnownRun:
    """A run, with the fields that its workflow needs."""

    name: str
    created: datetime
    logical_time: datetime
    began: bool = False
    cancelling: bool = False
    finished: datetime | None = None
    succeeded: bool = False
    reason: str = ""
    revision: str | None = None
    called: bool = False
    """A task of another run called it: it stays as long as that run."""
    inside: bool = False
    """A run of the workflow called it, perhaps through others: it is part of that run."""
    rerun_of: str | None = None
    """The earlier run that it repeats: that one stays until this one has ended."""
    backfill: bool = False
    """A backfill created it."""
    uncounted: bool = False
    """The backfill that created it has yet to count its end: it stays until then."""
    delivered: bool = False
    """A delivery to a webhook started it: it stays while the sender may repeat the delivery."""
    archived: bool = False
    """The archive has written it."""

    @property
    def sibling(self) -> SiblingRun:
        """The run as one that has not ended."""
        return SiblingRun(self.name, self.created, self.logical_time, self.began, self.cancelling)


@dataclass(frozen=True, slots=True)
class WorkflowLog:
    """The log of a workflow: the recorded status."""

    ready: bool = False
    reason: Reason = Reason.RECONCILING
    message: str = ""
    since: datetime | None = None
    """When `ready` last changed."""
    observed_generation: int = 0
    revision: str | None = None
    applied_revision: str | None = None
    active: int = 0
    """How many runs have begun and not ended."""
    waiting: int = 0
    """How many runs have not begun."""
    last_run: str | None = None
    last_run_time: datetime | None = None
    last_outcome: str | None = None
    schedule: Recorded | None = None
    next_run: datetime | None = None
    missed: int = 0
    followed: Record = field(default_factory=dict)
    """Which ends of other workflows' runs are handled."""


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run to create. Its name is the lock."""

    name: str
    trigger: TriggerKind
    logical_time: datetime | None = None
    interval: Interval | None = None
    params: tuple[ParamGiven, ...] = ()
    triggered_by: EndedRun | None = None
    """The run whose end starts it."""
    delivery: Delivery | None = None
    """The delivery that starts it."""


@dataclass(frozen=True, slots=True)
class ObservedWorkflow:
    """The state of a workflow at one moment."""

    namespace: str
    name: str
    uid: str
    created: datetime
    generation: int
    spec: WorkflowSpec | None
    """None: it cannot run, and `problem` says why; or it was deleted."""
    problem: str = ""
    awaits_template: bool = False
    """Whether the problem is that of a template: it ends when somebody makes or corrects that."""
    exists: bool = True
    revision: str | None = None
    revisions: tuple[str, ...] = ()
    """All existing revisions."""
    runs: tuple[KnownRun, ...] = ()
    made: tuple[NewRun, ...] = ()
    """Created runs that the status does not show yet. Somebody may have deleted them."""
    upstreams: Mapping[Upstream, ObservedUpstream] = field(default_factory=dict)
    """The ended runs of the workflows that triggers name."""
    followed_by_others: bool = False
    """Whether other workflows start a run when a run of this one ends."""
    archive: ArchiveTerms | None = None
    """None: there is no archive."""
    watched_since: datetime | None = None
    """When this controller began to look at workflows; None: long ago."""
    log: WorkflowLog = field(default_factory=WorkflowLog)

    @property
    def known(self) -> tuple[KnownRun | NewRun, ...]:
        """All existing runs, and unrecorded ones."""
        return (*self.runs, *self.made)


@dataclass(frozen=True, slots=True)
class WorkflowDecision:
    """
    The decision on a workflow: runs to create, then the status, then runs to delete.

    In this order, a run or the status proves each start at each moment, and nothing starts twice.
    """

    create: tuple[NewRun, ...] = ()
    cancel: tuple[str, ...] = ()
    delete_runs: tuple[str, ...] = ()
    delete_revisions: tuple[str, ...] = ()
    unarchived: tuple[str, ...] = ()
    """Runs among those to delete that the archive has not written within its limit."""
    notes: tuple[Note, ...] = ()
    status: WorkflowLog | None = None
    """None: nothing to write."""
    look_again_at: datetime | None = None
