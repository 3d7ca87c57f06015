"""
What may be said of a task in a turn, and all that a policy may look at.

Knows one task, what holds for its run in this turn, and how its upstream tasks look.
Does not know the policies, or how an answer is carried out.
"""

from dataclasses import dataclass
from datetime import datetime

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.course import Course
from headrace.engine.definition.compile import TaskDefinition
from headrace.engine.definition.run_when import NONE, Tally
from headrace.engine.outcome import Ended
from headrace.engine.task.observed import EMPTY, ObservedTask, Obstacle, Sighting, TaskLog


@dataclass(frozen=True, slots=True)
class Start:
    """Make the next attempt now."""

    number: int
    memory: str | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do, and why; look again at `until` if nothing happens before."""

    reason: Reason
    message: str = ""
    until: datetime | None = None
    next_attempt: datetime | None = None
    """When the next attempt starts, if that is what it waits for."""


@dataclass(frozen=True, slots=True)
class Abort:
    """End the open attempt as failed for this reason, then judge again."""

    reason: Reason
    message: str


Verdict = Start | Wait | Abort | Ended


@dataclass(frozen=True, slots=True)
class Turn:
    """What holds for all tasks of a run in this turn."""

    now: datetime
    run_uid: str
    course: Course
    halted: str | None = None
    """The failed task that `onFailure: Stop` stops the run for."""
    unfinished: str | None = None
    """A task that `finally` tasks still wait for."""
    created: datetime | None = None
    """When the run was created."""


@dataclass(frozen=True, slots=True)
class TaskView:
    """All that a policy may look at."""

    turn: Turn
    task: TaskDefinition
    log: TaskLog = EMPTY
    seen: ObservedTask | None = None
    """What is seen of it; None: there is no TaskRun."""
    lost: bool = False
    """It was started, and there is no TaskRun any more."""
    obstacle: Obstacle | None = None
    """Why it could not be started when that was last tried."""
    upstream: Tally = NONE
    beside: str | None = None
    """What still runs of a task that has ended, and beside which this one must not start."""

    @property
    def begun(self) -> bool:
        """Whether its rule has let it start."""
        return self.seen is not None or self.lost

    @property
    def sighting(self) -> Sighting | None:
        """The newest attempt that the world shows."""
        return self.seen.sighting if self.seen is not None else None

    @property
    def attempt_open(self) -> bool:
        """Whether an attempt has not ended."""
        return self.log.last is not None and self.log.last.open

    def attempt_id(self, number: int) -> str:
        """Return what stands for one attempt, and is the same after a crash."""
        return f"{self.turn.run_uid}/{self.task.name}/{number}"
