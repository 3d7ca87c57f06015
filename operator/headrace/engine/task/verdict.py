"""
The verdicts on a task in a turn, and the inputs of a policy.

Knows one task, the facts of its run in this turn, and the ends of its upstream tasks. Does not know
the policies, or how a verdict is carried out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from headrace.api.v1alpha1.cache import CacheMode
from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.course import Course
from headrace.engine.definition.compile import TaskDefinition
from headrace.engine.definition.expressions.types import Value
from headrace.engine.definition.run_when import NONE, Tally
from headrace.engine.outcome import Ended
from headrace.engine.task.cached import CachedResult, CacheEntry
from headrace.engine.task.items import ItemsLog
from headrace.engine.task.observed import EMPTY, Evaluated, ObservedTask, Sighting, TaskLog
from headrace.engine.task.obstacles import Obstacle


@dataclass(frozen=True, slots=True)
class Start:
    """Start the next attempt now."""

    number: int
    memory: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    """The values of variables that expressions give, by name."""
    fields: Mapping[str, Value] = field(default_factory=dict)
    """The values of other fields that expressions give, by their path in the task."""
    items: ItemsLog | None = None
    """The items on record; None: no attempt has run any."""
    each: Mapping[str, Sequence[Value]] = field(default_factory=dict)
    """The values of fields that read the item, one for each item, by their path in the task."""
    programs: int | None = None
    """How many programs of the attempt may run at the same time, if its pool has less room than
    there are items."""
    cache: CacheEntry | None = None
    """Where later runs find the result; None: nowhere."""


@dataclass(frozen=True, slots=True)
class Reuse:
    """Give the task the result of an earlier run, in place of its first attempt."""

    result: CachedResult
    start: Start
    """The attempt that is not made."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask for the values of the task's expressions, then judge again."""

    conditional: bool
    """Whether `when` is among them."""
    reason: Reason = Reason.EVALUATING
    message: str = ""


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing, for a reason; look again at `until`, or after an event."""

    reason: Reason
    message: str = ""
    until: datetime | None = None
    next_attempt: datetime | None = None
    """When the next attempt starts, if the task waits for that."""


@dataclass(frozen=True, slots=True)
class Abort:
    """End the open attempt as failed for this reason, then judge again."""

    reason: Reason
    message: str


Verdict = Start | Reuse | Ask | Wait | Abort | Ended


@dataclass(frozen=True, slots=True)
class Turn:
    """The facts of a run in this turn, for all its tasks."""

    now: datetime
    run_uid: str
    course: Course
    halted: str | None = None
    """The failed task that `onFailure: Stop` stops the run for."""
    unfinished: str | None = None
    """An open task that `finally` tasks wait for."""
    created: datetime | None = None
    """When the run was created."""
    chain: tuple[str, ...] = ()
    """The workflows of the runs that the run is part of, outermost first, and its own."""
    cache: CacheMode = CacheMode.USE
    """What the run does with the caches of its tasks."""


@dataclass(frozen=True, slots=True)
class TaskView:
    """The inputs of a policy."""

    turn: Turn
    task: TaskDefinition
    log: TaskLog = EMPTY
    seen: ObservedTask | None = None
    """The observed task; None: it has no TaskRun."""
    lost: bool = False
    """Whether the task has started and its TaskRun is gone."""
    obstacle: Obstacle | None = None
    """Why the last start failed."""
    upstream: Tally = NONE
    beside: str | None = None
    """What still runs of an ended task, so that this one must wait."""
    unread: str | None = None
    """A task that the expressions read, and that has not ended."""
    evaluated: Evaluated | None = None
    """The values of the expressions; None: nobody knows them yet."""

    @property
    def begun(self) -> bool:
        """Whether its rule has let the task start."""
        return self.seen is not None or self.lost

    @property
    def sighting(self) -> Sighting | None:
        """The newest attempt in the world."""
        return self.seen.sighting if self.seen is not None else None

    @property
    def attempt_open(self) -> bool:
        """Whether an attempt has not ended."""
        return self.log.last is not None and self.log.last.open

    def attempt_id(self, number: int) -> str:
        """Return the id of one attempt, which is the same after a crash."""
        return f"{self.turn.run_uid}/{self.task.name}/{number}"
