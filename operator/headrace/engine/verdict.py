"""
The chain of policies over one task: the first that has an answer wins.

Knows one task, what holds for its run in this turn, and how its upstream tasks look.
Does not know how answers are carried out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine import timeout
from headrace.engine.attempts import refuse
from headrace.engine.classify import KINDS, Kind
from headrace.engine.definition import TaskDefinition
from headrace.engine.memory import DEFAULT_RESOURCES, next_memory
from headrace.engine.outcome import Ended, Outcome
from headrace.engine.retry import GiveUp, RetryAt, after_failure
from headrace.engine.run import EMPTY, ObservedTask, Obstacle, Sighting, TaskLog, Watched
from headrace.engine.steering import Course, Mode
from headrace.engine.upstream import NONE, RULES, Tally, omission

ASK_AGAIN = timedelta(seconds=30)
"""How long a refusal that cannot be put on record is left alone at least, if it is tried again."""


LEFT_OVER = timedelta(seconds=60)
"""How long after a run was created a TaskRun of its name may be one of a run before it, which had
the same name and was deleted: Kubernetes' garbage collector takes a while to come by."""


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
    refusal: Watched | None = None
    """Of a task that is lost: with what words no TaskRun could be made, if that was so."""
    obstacle: Obstacle | None = None
    """Why it could not be started when that was last tried."""
    upstream: Tally = NONE

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


def already_ended(view: TaskView) -> Verdict | None:
    """Keep an outcome that is known: it never changes."""
    if view.log.outcome is None:
        return None
    return Ended(view.log.outcome, view.log.reason, view.log.message)


def task_run_deleted(view: TaskView) -> Verdict | None:
    """Fail a task whose record is gone: running it again in silence could do harm."""
    if not view.lost:
        return None
    if view.refusal is not None:
        return Ended(Outcome.FAILED, view.refusal.reason, view.refusal.message)
    message = "the TaskRun was deleted after the task had started; start a new run to repeat it"
    return Ended(Outcome.FAILED, Reason.TASK_RUN_DELETED, message)


def cancelled(view: TaskView) -> Verdict | None:
    """End what was started, once the run is cancelled. `finally` tasks are exempt."""
    course = view.turn.course
    if course.mode is not Mode.CANCEL or view.task.is_finally or not view.begun:
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
    limit = timeout.pending_deadline(view.task.timeouts, view.log, view.sighting)
    if limit is None or view.turn.now < limit:
        return None
    seconds = view.task.timeouts.pending_seconds
    what = f"{view.log.reason}: {view.log.message}" if view.log.message else view.log.reason
    return Abort(Reason.PENDING_TIMEOUT, f"not started after {seconds} s; it waited for {what}")


def in_progress(view: TaskView) -> Verdict | None:
    """Leave an open attempt alone."""
    if not view.attempt_open:
        return None
    until = timeout.pending_deadline(view.task.timeouts, view.log, view.sighting)
    return Wait(view.log.reason, view.log.message, until)


def retry(view: TaskView) -> Verdict | None:
    """Give up, or wait for the next attempt's time, after a failure."""
    last = view.log.last
    if last is None:
        return None
    match after_failure(view.task.retry, view.log, view.attempt_id(last.number)):
        case GiveUp(reason, message):
            return Ended(Outcome.FAILED, reason, message)
        case RetryAt(when, message):
            if view.turn.now < when:
                return Wait(Reason.WAITING_FOR_RETRY, message, when, next_attempt=when)
    return None


def leaving(view: TaskView) -> Verdict | None:
    """Wait until nothing of the attempt before runs any more: attempts never overlap."""
    if view.seen is None or not view.seen.still_there:
        return None
    pod = view.sighting.pod if view.sighting is not None else None
    where = f" (pod {pod})" if pod else ""
    return Wait(Reason.WAITING_FOR_RETRY, f"the attempt before is still being removed{where}")


def upstream(view: TaskView) -> Verdict | None:
    """Apply `runWhen` to a task that has not started."""
    if view.begun or view.task.is_finally or RULES[view.task.run_when].met(view.upstream):
        return None
    ended = omission(view.task.run_when, view.upstream)
    if ended is not None:
        return ended
    open_, total = view.upstream.open, view.upstream.total
    return Wait(Reason.WAITING_FOR_UPSTREAM, f"{open_} of {total} tasks upstream have not ended")


def stopped(view: TaskView) -> Verdict | None:
    """
    Start no further task of a run that stops.

    Asked after `upstream`: what a rule has left out stays left out, whenever the stop came.
    """
    if view.log.count or view.task.is_finally:
        return None
    course = view.turn.course
    if course.mode in (Mode.STOP, Mode.CANCEL):
        return Ended(Outcome.CANCELLED, Reason.RUN_STOPPED, course.message)
    if view.turn.halted is not None:
        message = f"onFailure is Stop, and task {view.turn.halted} failed"
        return Ended(Outcome.CANCELLED, Reason.RUN_STOPPED, message)
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
    """
    Wait a while after the world refused to start the task, or fail it if that is for good.

    A Job that is refused for good is in the log as an attempt. Where not even a TaskRun is made
    there is no log: the first refusal decides, unless a rule wants it tried again. Such tries
    cannot be counted, so the limit of retries does not end them.
    """
    obstacle = view.obstacle
    if obstacle is None:
        return None
    until = obstacle.until
    if KINDS.get(obstacle.reason) is Kind.DEFINITION and view.seen is None:
        answer = _without_task_run(view, obstacle)
        if isinstance(answer, Ended):
            return answer
        until = answer
    return Wait(obstacle.reason, obstacle.message, until) if view.turn.now < until else None


def _without_task_run(view: TaskView, obstacle: Obstacle) -> Ended | datetime:
    """Fail a task whose TaskRun was refused for good, or say when to ask for it again."""
    again = obstacle.until + ASK_AGAIN
    created = view.turn.created
    if created and obstacle.reason is Reason.NAME_TAKEN and obstacle.until < created + LEFT_OVER:
        return again
    tried = refuse(EMPTY, obstacle, view.task.retry)
    end = after_failure(view.task.retry, tried, view.attempt_id(1))
    if isinstance(end, GiveUp):
        return Ended(Outcome.FAILED, end.reason, end.message)
    return max(end.when, again)


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
    upstream,  #         the rule over what the task waits for
    stopped,  #          the run starts nothing new
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
    return Start(view.log.count + 1, memory_of_next(view.task, view.log))


def memory_of_next(task: TaskDefinition, log: TaskLog) -> str | None:
    """Return the memory of a task's next attempt, where a rule has raised it."""
    return next_memory(task.retry, log.last, task.body.resources or DEFAULT_RESOURCES)
