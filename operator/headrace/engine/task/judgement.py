"""
One task in one turn: its log is updated, judged, and completed by the verdict.

Knows one task. `survey` chooses the tasks and their order; `chain` has the rules.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.definition.compile import TaskDefinition
from headrace.engine.definition.work import OF_ITEMS, Timer, Timers
from headrace.engine.outcome import Ended, Outcome
from headrace.engine.task.attempts import close, follow
from headrace.engine.task.chain import judge
from headrace.engine.task.classify import Failure
from headrace.engine.task.memory import memory_of_next
from headrace.engine.task.observed import Evaluated, ObservedTask, Sighting, TaskLog
from headrace.engine.task.obstacles import Denied, Obstacle
from headrace.engine.task.refusal import refuse
from headrace.engine.task.terms import terms_of
from headrace.engine.task.verdict import Abort, TaskView, Turn, Verdict, Wait
from headrace.engine.text import clip


@dataclass(frozen=True, slots=True)
class Judged:
    """One task after this turn's judgement."""

    task: TaskDefinition
    verdict: Verdict
    log: TaskLog
    """The updated log, not written yet. Without a TaskRun, it is never written."""
    seen: ObservedTask | None = None

    @property
    def outcome(self) -> Outcome | None:
        """The outcome, if the task has ended."""
        return self.verdict.outcome if isinstance(self.verdict, Ended) else None


def judge_seen(
    turn: Turn,
    task: TaskDefinition,
    seen: ObservedTask,
    obstacle: Obstacle | None,
    evaluated: Evaluated | None = None,
) -> Judged:
    """Judge a task with a TaskRun."""
    shown = _of_its_work(task, seen.sighting)
    log = follow(seen.log, shown, task.retry, turn.now, terms_of(task))
    if isinstance(obstacle, Denied):
        log = refuse(log, obstacle, task.retry, memory_of_next(task, log))
    view = TaskView(turn, task, log, seen, obstacle=obstacle, evaluated=evaluated)
    verdict = judge(view)
    if isinstance(verdict, Abort):
        failure = Failure(verdict.reason, verdict.message)
        items = seen.sighting.items if seen.sighting is not None else None
        log = close(log, failure, task.retry, turn.now, items)
        view = replace(view, log=log)
        verdict = judge(view)
    return Judged(task, verdict, _with_verdict(log, verdict, seen, turn.now), seen)


def _of_its_work(task: TaskDefinition, sighting: Sighting | None) -> Sighting | None:
    """
    Return a sighting, except one that somebody else has made.

    That is a wait of a task with a program (see `another_work`), or items of a task without any.
    """
    if sighting is None:
        return None
    forged = sighting.due is not None and not isinstance(task.work, Timer | Timers)
    forged |= sighting.items is not None and not isinstance(task.work, OF_ITEMS)
    return None if forged else sighting


def judge_unseen(view: TaskView) -> Judged:
    """Judge a task that has not started."""
    return Judged(view.task, judge(view), view.log)


def judge_lost(turn: Turn, task: TaskDefinition) -> Judged:
    """Judge a task whose TaskRun is gone."""
    view = TaskView(turn, task, lost=True)
    return Judged(task, judge(view), view.log)


def held(judged: Judged, wait: Wait, now: datetime) -> Judged:
    """Return a task that may start, and must wait all the same."""
    if judged.seen is None:
        return replace(judged, verdict=wait)
    return replace(judged, verdict=wait, log=_with_verdict(judged.log, wait, judged.seen, now))


def ended(judged: Judged, end: Ended, now: datetime) -> Judged:
    """Return a task that may start, and ends all the same."""
    if judged.seen is None:
        return replace(judged, verdict=end)
    return replace(judged, verdict=end, log=_with_verdict(judged.log, end, judged.seen, now))


def _with_verdict(log: TaskLog, verdict: Verdict, seen: ObservedTask, now: datetime) -> TaskLog:
    """Return the log with the verdict; the same object if nothing changes."""
    if isinstance(verdict, Ended):
        return log if log.outcome is not None else _ended(log, verdict, now)
    if isinstance(verdict, Wait):
        reason, message, again = verdict.reason, clip(verdict.message), verdict.next_attempt
    elif log is seen.log:
        return log  # nothing changes before the attempt exists
    else:
        reason, message, again = Reason.STARTING, "", None
    if (reason, message, again) == (log.reason, log.message, log.next_attempt):
        return log
    return replace(log, reason=reason, message=message, next_attempt=again)


def _ended(log: TaskLog, end: Ended, now: datetime) -> TaskLog:
    return replace(
        log,
        outcome=end.outcome,
        reason=end.reason,
        message=clip(end.message),
        finished=now,
        next_attempt=None,
    )
