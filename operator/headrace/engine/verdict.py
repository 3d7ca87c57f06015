"""
The chain of policies over one task: the first that has an answer wins.

Knows one task, what holds for its run in this turn, and how its upstream tasks look.
Does not know how answers are carried out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine import timeout
from headrace.engine.definition import TaskDefinition
from headrace.engine.memory import DEFAULT_RESOURCES, next_memory
from headrace.engine.outcome import Ended, Outcome
from headrace.engine.retry import GiveUp, RetryAt, after_failure
from headrace.engine.run import Obstacle, Sighting, Stage, TaskLog
from headrace.engine.steering import Course, Mode
from headrace.engine.upstream import RULES, Tally, omission


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


@dataclass(frozen=True, slots=True)
class TaskView:
    """All that a policy may look at."""

    turn: Turn
    task: TaskDefinition
    log: TaskLog = TaskLog()
    sighting: Sighting | None = None
    exists: bool = False
    """There is a TaskRun."""
    begun: bool = False
    """It was started: there is a TaskRun, or the run remembers one."""
    obstacle: Obstacle | None = None
    """Why it could not be started when that was last tried."""
    upstream: Tally = Tally(0)
    failed_upstream: tuple[str, ...] = ()
    open_upstream: tuple[str, ...] = ()

    @property
    def attempt_open(self) -> bool:
        """Whether an attempt has not ended."""
        return self.log.last is not None and self.log.last.open


def already_ended(view: TaskView) -> Verdict | None:
    """Keep an outcome that is known: it never changes."""
    if view.log.outcome is None:
        return None
    return Ended(view.log.outcome, view.log.reason, view.log.message)


def task_run_deleted(view: TaskView) -> Verdict | None:
    """Fail a task whose record is gone: running it again in silence could do harm."""
    if view.exists or not view.begun:
        return None
    message = "the TaskRun was deleted after the task had started; start a new run to repeat it"
    return Ended(Outcome.FAILED, Reason.TASK_RUN_DELETED, message)


def cancelled(view: TaskView) -> Verdict | None:
    """End what runs, and start nothing, once the run is cancelled. `finally` tasks are exempt."""
    course = view.turn.course
    if course.mode is not Mode.CANCEL or view.task.is_finally:
        return None
    if view.attempt_open:
        return Abort(Reason.CANCELLED, course.message)
    return Ended(Outcome.CANCELLED, course.reason, course.message)


def total_time(view: TaskView) -> Verdict | None:
    """Fail a task that took too long with all its waits and retries."""
    limit = timeout.total_deadline(view.task.timeouts, view.log)
    if limit is None or view.turn.now < limit:
        return None
    message = f"longer than timeouts.totalSeconds ({view.task.timeouts.total_seconds})"
    if view.attempt_open:
        return Abort(Reason.TASK_TIMEOUT, message)
    return Ended(Outcome.FAILED, Reason.TASK_TIMEOUT, message)


def pending_time(view: TaskView) -> Verdict | None:
    """Give up an attempt whose container did not start in time."""
    if view.log.reason is Reason.SUSPENDED:  # a queue holds it: that is its turn, not a fault
        return None
    limit = timeout.pending_deadline(view.task.timeouts, view.log)
    if limit is None or view.turn.now < limit:
        return None
    seconds = view.task.timeouts.pending_seconds
    what = f"{view.log.reason}: {view.log.message}" if view.log.message else view.log.reason
    return Abort(Reason.PENDING_TIMEOUT, f"not started after {seconds} s; it waited for {what}")


def in_progress(view: TaskView) -> Verdict | None:
    """Leave an open attempt alone."""
    if not view.attempt_open:
        return None
    limits = (
        timeout.pending_deadline(view.task.timeouts, view.log),
        timeout.total_deadline(view.task.timeouts, view.log),
    )
    until = min((limit for limit in limits if limit is not None), default=None)
    return Wait(view.log.reason, view.log.message, until)


def retry(view: TaskView) -> Verdict | None:
    """Give up, or wait for the next attempt's time, after a failure."""
    last = view.log.last
    if last is None:
        return None
    attempt_id = f"{view.turn.run_uid}/{view.task.name}/{last.number}"
    match after_failure(view.task.retry, view.log, attempt_id):
        case GiveUp(reason, message):
            return Ended(Outcome.FAILED, reason, message)
        case RetryAt(when, message):
            if view.turn.now < when:
                limit = timeout.total_deadline(view.task.timeouts, view.log)
                return Wait(Reason.WAITING_FOR_RETRY, message, min(when, limit or when))
    return None


def leaving(view: TaskView) -> Verdict | None:
    """Wait until nothing of the attempt before runs any more: attempts never overlap."""
    if view.sighting is None or not view.sighting.alive or view.sighting.stage is Stage.GONE:
        return None
    if view.sighting.number > view.log.count:
        return None
    return Wait(view.log.reason, f"attempt {view.sighting.number} is still being removed")


def upstream(view: TaskView) -> Verdict | None:
    """Apply `runWhen` to a task that has not started."""
    if view.begun or view.task.is_finally:
        return None
    rule = RULES[view.task.run_when]
    if rule.met(view.upstream):
        return None
    if rule.ruled_out(view.upstream):
        return omission(view.task.run_when, view.upstream, view.failed_upstream)
    waits = ", ".join(view.open_upstream[:3])
    more = f" and {len(view.open_upstream) - 3} more" if len(view.open_upstream) > 3 else ""  # noqa: PLR2004 - enough to act on
    return Wait(Reason.WAITING_FOR_UPSTREAM, f"waits for {waits}{more}")


def stopped(view: TaskView) -> Verdict | None:
    """Start no further task of a run that stops."""
    if view.begun or view.task.is_finally:
        return None
    if view.turn.course.mode is Mode.STOP:
        return Ended(Outcome.CANCELLED, Reason.RUN_STOPPED, view.turn.course.message)
    if view.turn.halted is not None:
        message = f"onFailure is Stop, and task {view.turn.halted} failed"
        return Ended(Outcome.OMITTED, Reason.RUN_STOPPED, message, after_failure=True)
    return None


def others_first(view: TaskView) -> Verdict | None:
    """Keep a `finally` task back until all other tasks have ended."""
    if not view.task.is_finally or view.turn.unfinished is None:
        return None
    return Wait(Reason.WAITING_FOR_TASKS, f"waits for {view.turn.unfinished}")


def paused(view: TaskView) -> Verdict | None:
    """Start nothing, and try nothing again, while the run is paused."""
    if view.turn.course.mode is not Mode.PAUSE:
        return None
    return Wait(Reason.PAUSED, view.turn.course.message)


def obstructed(view: TaskView) -> Verdict | None:
    """Wait a while after the world refused to start the task."""
    if view.obstacle is None or view.turn.now >= view.obstacle.until:
        return None
    return Wait(view.obstacle.reason, view.obstacle.message, view.obstacle.until)


Policy = Callable[[TaskView], Verdict | None]

TASK_POLICIES: tuple[Policy, ...] = (
    already_ended,  #    an outcome is known: nothing to do
    task_run_deleted,  # its record is gone: never run it twice
    cancelled,  #        the run is being ended
    total_time,  #       the task is over its time
    pending_time,  #     its container does not start
    in_progress,  #      an attempt runs
    retry,  #            an attempt failed: when is the next, or is this the end
    leaving,  #          something of the attempt before still runs
    stopped,  #          the run starts nothing new
    upstream,  #         the rule over what the task waits for
    others_first,  #     `finally` comes last
    paused,  #           the run is held
    obstructed,  #       the world has no room for it now
)


def judge(view: TaskView) -> Verdict:
    """Ask each policy in turn; if none objects, start the next attempt."""
    for policy in TASK_POLICIES:
        verdict = policy(view)
        if verdict is not None:
            return verdict
    memory = next_memory(
        view.task.retry, view.log.last, view.task.body.resources or DEFAULT_RESOURCES
    )
    return Start(view.log.count + 1, memory)
