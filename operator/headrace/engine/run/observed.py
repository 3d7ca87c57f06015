"""
One observed run: its recorded logs, and the current state in the world.

Values only. Knows no rule, no Job and no process.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from headrace.api.v1alpha1.cache import CacheMode
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.rerun import RerunOf
from headrace.api.v1alpha1.run import DesiredState, Interval, TriggerKind
from headrace.engine.archive import ArchiveTerms
from headrace.engine.definition.compile import Definition
from headrace.engine.outcome import Ended, Outcome
from headrace.engine.room import Room
from headrace.engine.siblings import SiblingRun
from headrace.engine.task.observed import Evaluated, ObservedTask
from headrace.engine.task.obstacles import Obstacle


class RunKind(StrEnum):
    """What kind of object a run is."""

    WORKFLOW_RUN = "WorkflowRun"
    TASK_RUN = "TaskRun"


@dataclass(frozen=True, slots=True)
class RunKey:
    """The key of a run."""

    namespace: str
    name: str
    kind: RunKind = RunKind.WORKFLOW_RUN


@dataclass(frozen=True, slots=True)
class Counts:
    """The numbers of tasks by state."""

    total: int = 0
    pending: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    skipped: int = 0
    omitted: int = 0
    cancelled: int = 0

    @property
    def ended(self) -> int:
        """How many tasks have ended."""
        return self.succeeded + self.failed + self.skipped + self.omitted + self.cancelled


@dataclass(frozen=True, slots=True)
class Mark:
    """Tasks that ended without a TaskRun, all in the same way."""

    outcome: Outcome
    reason: Reason
    message: str = ""
    """The message; empty if the definition and the tasks upstream explain the end."""
    since: datetime | None = None
    """When the first of the tasks ended."""
    positions: str = ""
    """Their positions in the definition, as ranges."""

    @property
    def end(self) -> Ended:
        """The end of each of the tasks."""
        return Ended(self.outcome, self.reason, self.message)


@dataclass(frozen=True, slots=True)
class Watched:
    """A task that failed, or waits for something unusual."""

    task: str
    reason: Reason
    message: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Inheritance:
    """What a rerun has of the earlier run, fixed before any task starts."""

    given: Mapping[str, bool | int | str] = field(default_factory=dict)
    """The parameters that the rerun was given, directly or by the earlier run."""
    logical_time: datetime | None = None
    interval: Interval | None = None
    taken_over: str = ""
    """The positions of the tasks that are not repeated, as ranges."""
    continued: str = ""
    """The positions of the tasks that are repeated in part, as ranges."""
    source_uid: str = ""
    """The uid of the earlier run; empty before it is on record."""


@dataclass(frozen=True, slots=True)
class RunLog:
    """The log of a run: the recorded status."""

    succeeded: bool | None = None
    """None while the run goes on."""
    reason: Reason = Reason.PENDING
    message: str = ""
    since: datetime | None = None
    """Since when the run has this reason."""
    started: datetime | None = None
    finally_since: datetime | None = None
    """When all tasks but the `finally` tasks had ended."""
    finished: datetime | None = None
    counts: Counts = Counts()
    positions: str = ""
    """The positions of the tasks that were started, as ranges."""
    marks: tuple[Mark, ...] | None = ()
    """The tasks that ended without a TaskRun. None: the status is older than marks."""
    attention: tuple[Watched, ...] = ()
    """Tasks that people should look at, at most a few. No decision uses them."""
    outputs: Mapping[str, Any] | None = None
    """The run's outputs, if it succeeded and its workflow has any."""
    revision: str | None = None
    observed_generation: int = 0
    inheritance: Inheritance | None = None
    """None: the run repeats no other, or has not begun."""

    @property
    def begun(self) -> bool:
        """Whether the status says that the run has left the queue."""
        return self.started is not None or bool(self.positions or self.marks)

    def after(self, before: "RunLog", now: datetime) -> "RunLog":
        """Return the log with the time of its reason. An unchanged reason keeps its time."""
        since = before.since if self.reason is before.reason else now
        return replace(self, since=since)


@dataclass(frozen=True, slots=True)
class Slots:
    """How many attempts of a run may go on at a time."""

    total: int
    message: str
    """What a task without a slot says, in the world's words."""


@dataclass(frozen=True, slots=True)
class ObservedRun:
    """The state of a run at one moment."""

    key: RunKey
    uid: str
    created: datetime
    definition: Definition | None
    """None: the run cannot go on, and `refusal` says why."""
    workflow: str = ""
    generation: int = 1
    desired: DesiredState = DesiredState.RUN
    given: Mapping[str, bool | int | str] = field(default_factory=dict)
    """The parameters that the run was given."""
    logical_time: datetime | None = None
    interval: Interval | None = None
    trigger: TriggerKind = TriggerKind.MANUAL
    """What asked for the run."""
    passed: DesiredState = DesiredState.RUN
    """What the calling run has passed on, if a task of it called this run."""
    callers: tuple[str, ...] = ()
    """The workflows of the runs that this run is part of, outermost first."""
    cache: CacheMode | None = None
    """What somebody wants it to do with the caches of its tasks; None: what is usual."""
    rerun: RerunOf | None = None
    """What the run repeats of an earlier run; None: it repeats none."""
    source: "ObservedRun | None" = None
    """The earlier run with its tasks, as long as `needs_source` says so; None: it is gone."""
    tasks: Mapping[str, ObservedTask] = field(default_factory=dict)
    deleted: frozenset[str] = frozenset()
    """Tasks whose TaskRun the world saw vanish before our eyes."""
    departing: frozenset[str] = frozenset()
    """Tasks whose TaskRun is gone, and whose attempt may still run."""
    siblings: tuple[SiblingRun, ...] = ()
    """The other runs of the workflow that have not ended. A deleted run counts while an attempt of
    it runs."""
    obstacles: Mapping[str, Obstacle] = field(default_factory=dict)
    """By task: why its last start failed."""
    evaluated: Mapping[str, Evaluated] = field(default_factory=dict)
    """By task that has not started: the values of its expressions, if this process knows them."""
    slots: Slots | None = None
    """None: any number of attempts may go on at a time."""
    priority: int | None = None
    """The priority of the run; None: its workflow says it."""
    room: Room | None = None
    """What pools have said about the claims of the run's last turn, if this process remembers.
    None: the world has no pools, so nothing waits for one."""
    archive: ArchiveTerms | None = None
    """None: there is no archive, or it does not write such a run."""
    archived: bool = False
    """Whether the archive has written the run."""
    log: RunLog = RunLog()
    logged_at: datetime | None = None
    """When the run's status was last written, if this process remembers it."""
    tasks_logged_at: Mapping[str, datetime] = field(default_factory=dict)
    """By task: when its log was last written, if this process remembers it."""
    refusal: tuple[Reason, str] | None = None
    """Why the run can never go on."""
    hindrance: tuple[Reason, str] | None = None
    """Why the run cannot go on for now."""

    @property
    def chain(self) -> tuple[str, ...]:
        """The workflows of the runs that this run is part of, outermost first, and its own."""
        return (*self.callers, self.workflow)

    @property
    def begun(self) -> bool:
        """Whether tasks were started, also if a crash came before the status said so."""
        return self.log.begun or bool(self.tasks or self.deleted)
