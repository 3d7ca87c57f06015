"""
One run as observed: what was recorded of it, and what the world shows of it now.

Values only. Knows no rule, no Job and no process.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import DesiredState, Interval
from headrace.engine.definition.compile import Definition
from headrace.engine.outcome import Ended, Outcome
from headrace.engine.siblings import SiblingRun
from headrace.engine.task.observed import ObservedTask, Obstacle, Watched


class RunKind(StrEnum):
    """What kind of object a run is."""

    WORKFLOW_RUN = "WorkflowRun"
    TASK_RUN = "TaskRun"


@dataclass(frozen=True, slots=True)
class RunKey:
    """The name by which a run is found again."""

    namespace: str
    name: str
    kind: RunKind = RunKind.WORKFLOW_RUN


@dataclass(frozen=True, slots=True)
class Counts:
    """How many tasks stand where."""

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
    """Why; empty where the definition and the tasks upstream say it."""
    since: datetime | None = None
    """When the first of them ended."""
    positions: str = ""
    """Their positions in the definition, as ranges."""

    @property
    def end(self) -> Ended:
        """How each of them ended."""
        return Ended(self.outcome, self.reason, self.message)


@dataclass(frozen=True, slots=True)
class RunLog:
    """What a run's status says."""

    succeeded: bool | None = None
    """None while it goes on."""
    reason: Reason = Reason.PENDING
    message: str = ""
    since: datetime | None = None
    """Since when the reason is this one."""
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
    """What people are shown of it, as far as there is room. Nothing is decided by it."""
    revision: str | None = None
    observed_generation: int = 0

    def after(self, before: "RunLog", now: datetime) -> "RunLog":
        """Return it with the time since when its reason holds; one that stays keeps its own."""
        since = before.since if self.reason is before.reason else now
        return replace(self, since=since)


@dataclass(frozen=True, slots=True)
class ObservedRun:
    """All that is true of a run at one moment."""

    key: RunKey
    uid: str
    created: datetime
    definition: Definition | None
    """None: it cannot be run, and `refusal` says why."""
    workflow: str = ""
    generation: int = 1
    desired: DesiredState = DesiredState.RUN
    given: Mapping[str, bool | int | str] = field(default_factory=dict)
    """The parameters that the run was given."""
    logical_time: datetime | None = None
    interval: Interval | None = None
    tasks: Mapping[str, ObservedTask] = field(default_factory=dict)
    deleted: frozenset[str] = frozenset()
    """Tasks whose TaskRun the world saw vanish."""
    departing: frozenset[str] = frozenset()
    """Tasks whose TaskRun is gone, whoever saw it vanish, and of which something may still run."""
    siblings: tuple[SiblingRun, ...] = ()
    """The other runs of the workflow that have not ended. A deleted one counts while something of
    it runs."""
    obstacles: Mapping[str, Obstacle] = field(default_factory=dict)
    """By task: why it could not be started when that was last tried."""
    log: RunLog = RunLog()
    logged_at: datetime | None = None
    """When the run's status was last written, as far as is remembered."""
    tasks_logged_at: Mapping[str, datetime] = field(default_factory=dict)
    """By task: when its log was last written, as far as is remembered."""
    refusal: tuple[Reason, str] | None = None
    """Why the run cannot be started, for good."""
    hindrance: tuple[Reason, str] | None = None
    """Why the run cannot go on for now."""
