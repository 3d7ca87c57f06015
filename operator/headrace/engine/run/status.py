"""
The status of a run: outcome, counts, and tasks that need somebody's attention.

Knows the judgements of a turn. No action depends on it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine import ranges
from headrace.engine.course import ENDING, Course, Mode
from headrace.engine.definition.compile import Definition
from headrace.engine.outcome import Outcome
from headrace.engine.run.admission import Held, Refused
from headrace.engine.run.claims import pool_waits
from headrace.engine.run.leftovers import remains
from headrace.engine.run.observed import Counts, ObservedRun, RunLog, Watched
from headrace.engine.run.outputs import OPEN, with_outputs
from headrace.engine.run.survey import Survey
from headrace.engine.task.judgement import Judged
from headrace.engine.task.observed import TaskLog
from headrace.engine.task.verdict import Wait
from headrace.engine.text import clip, listed

MAX_ATTENTION = 20
NAMED = 3
"""How many tasks a message names."""

USUAL = frozenset(
    {Reason.PENDING, Reason.STARTING, Reason.RUNNING, Reason.WAITING_FOR_UPSTREAM}
    | {Reason.WAITING_FOR_TASKS, Reason.WAITING_FOR_SLOT, Reason.WAITING_FOR_TIME, Reason.PAUSED}
    | {Reason.WAITING_FOR_POOL, Reason.POOL_NOT_FOUND}
)
"""Reasons to wait that need nobody's attention. For each pool, one task is named all the same."""


@dataclass(frozen=True, slots=True)
class RunView:
    """A run, and the judgement of its tasks in one turn."""

    run: ObservedRun
    definition: Definition
    found: Survey
    course: Course
    records: Mapping[str, TaskLog]
    """The logs that are written in this turn."""
    now: datetime

    def recorded(self, name: str, judged: Judged) -> TaskLog:
        """Return the recorded log of a task after this turn: the run's status agrees with it."""
        on_record = judged.seen.log if judged.seen is not None else judged.log
        return self.records.get(name, on_record)

    def since(self, name: str, reason: Reason) -> datetime:
        """Return since when the run's status shows this reason of a task: now, if it is new."""
        for watched in self.run.log.attention:
            if (watched.task, watched.reason) == (name, reason) and watched.since is not None:
                return watched.since
        return self.now


def refused(run: ObservedRun, why: Refused, now: datetime) -> RunLog:
    """Return the log of a run that cannot go on, with its end."""
    counts = _before(run)
    cut = counts.cancelled + counts.pending + counts.running
    return replace(
        run.log,
        succeeded=False,
        reason=why.reason,
        message=clip(why.message),
        finished=now,
        counts=replace(counts, pending=0, running=0, cancelled=cut),
        observed_generation=run.generation,
    )


def waiting(run: ObservedRun, why: Held) -> RunLog:
    """Return the log of a run that waits, with the reason."""
    return replace(
        run.log,
        reason=why.reason,
        message=clip(why.message),
        counts=_before(run),
        observed_generation=run.generation,
    )


def _before(run: ObservedRun) -> Counts:
    """Return the counts of a run whose tasks are not judged in this turn."""
    if run.log.started is not None:
        return run.log.counts
    total = len(run.definition.names) if run.definition else 0
    return Counts(total=total, pending=total)


def run_log(view: RunView) -> RunLog:
    """Return the log of a run after this turn."""
    run, now = view.run, view.now
    counts = _counts(view)
    attention = tuple(islice(_attention(view, counts), MAX_ATTENTION))
    log = replace(
        run.log,
        started=run.log.started or now,
        finally_since=_finally_since(view),
        counts=counts,
        positions=_positions(view),
        marks=tuple(view.found.marked),
        attention=attention,
        observed_generation=run.generation,
    )
    over = counts.ended == counts.total
    left = remains(run, view.found.judged) if over else {}
    if over and not left:
        end = with_outputs(_end(view), run, view.definition)
        if end is None:
            return replace(log, reason=Reason.RUNNING, message=OPEN)
        return replace(log, **end, finished=now)
    reason, message = _progress(view.course, counts, attention)
    if over:
        reason, message = _leaving(view.course, reason, left)
    return replace(log, reason=reason, message=clip(message))


def _leaving(course: Course, reason: Reason, left: Mapping[str, str]) -> tuple[Reason, str]:
    """Return why a run whose tasks have all ended goes on: an attempt still runs."""
    words = f"{left[min(left)]} still runs"
    if course.mode in ENDING:
        return reason, f"{course.message}; {words}"
    return Reason.WAITING_FOR_REMOVAL, words


def _finally_since(view: RunView) -> datetime | None:
    """Return when the `finally` tasks' time began, if there are any."""
    definition, judged = view.definition, view.found.judged.values()
    waits = view.found.parked or view.found.crowded_out
    none = len(definition.names) == len(definition.graph.order) or bool(waits)
    # Tasks without a judgement wait for one of these.
    if none or any(task.outcome is None and not task.task.is_finally for task in judged):
        return view.run.log.finally_since
    return view.run.log.finally_since or view.now


def _counts(view: RunView) -> Counts:
    found = view.found
    names = Counter(found.settled.values())
    for mark, tasks in found.marked.items():
        names[mark.outcome] += len(tasks)
    running = 0
    for judged in found.judged.values():
        if judged.outcome is not None:
            names[judged.outcome] += judged.seen is not None  # else its mark counts
        elif judged.log.count:
            running += 1
    total = len(view.definition.names)
    return Counts(
        total=total,
        pending=total - running - names.total(),
        running=running,
        **{outcome.lower(): count for outcome, count in names.items()},
    )


def _positions(view: RunView) -> str:
    """Return the positions of started tasks: those that have, or had, a TaskRun."""
    run, tasks = view.run, view.definition.tasks
    known = ranges.read(run.log.positions)
    names = (*run.tasks, *run.deleted)
    seen = {tasks[name].position for name in names if name in tasks}
    return run.log.positions if seen <= known else ranges.write(known | seen)


def _attention(view: RunView, counts: Counts) -> Iterator[Watched]:
    """Yield failures, then tasks that wait for something unusual, in the definition's order."""
    for name in _named(view, Outcome.FAILED) if counts.failed else ():
        yield _failure(view, name)
    stuck = [judged for judged in view.found.judged.values() if judged.outcome is None]
    for judged in sorted(stuck, key=lambda item: item.task.position):
        watched = _trouble(view, judged)
        if watched.reason not in USUAL:
            yield watched
    room = view.run.room
    for waits in pool_waits(room, view.found.claims) if room is not None else ():
        yield replace(waits, since=view.since(waits.task, waits.reason))


def _failure(view: RunView, name: str) -> Watched:
    judged, mark = view.found.judged.get(name), view.found.mark(name)
    if mark is not None:
        return Watched(name, mark.reason, mark.message, mark.since)
    log = judged.log if judged is not None else view.run.tasks[name].log
    return Watched(name, log.reason, log.message, log.finished)


def _trouble(view: RunView, judged: Judged) -> Watched:
    name = judged.task.name
    if judged.seen is not None:
        log = view.recorded(name, judged)
        since = (log.last.finished or log.last.created) if log.last is not None else None
        return Watched(name, log.reason, log.message, since or view.since(name, log.reason))
    # A start that is tried again now keeps its reason: most often it meets the same obstacle.
    wait = judged.verdict if isinstance(judged.verdict, Wait) else view.run.obstacles.get(name)
    if wait is None:
        return Watched(name, Reason.PENDING, "")
    return Watched(name, wait.reason, clip(wait.message), view.since(name, wait.reason))


def _end(view: RunView) -> dict[str, Any]:
    """Return the end of a run whose tasks have all ended."""
    failed = _named(view, Outcome.FAILED)
    blamed = [name for name in failed if not view.definition.tasks[name].allow_failure]
    cut = _named(view, Outcome.CANCELLED)
    counted = [
        _list("failed", failed),
        _list("cancelled", cut),
        _list("omitted", _named(view, Outcome.OMITTED)),
        _list("skipped", _named(view, Outcome.SKIPPED)),
    ]
    message = "; ".join(filter(None, counted))
    if cut and view.course.mode in ENDING:
        course = view.course
        message = f"{course.message}; {message}"
        return {"succeeded": False, "reason": course.reason, "message": clip(message)}
    # Nobody knows the result of a task without a record, so its `allowFailure` does not count.
    lost = [name for name in failed if _failure(view, name).reason is Reason.TASK_RUN_DELETED]
    if lost or blamed:
        reason = Reason.TASK_RUN_DELETED if lost else Reason.FAILED
        cause = _cause(_failure(view, (lost or blamed)[0]), reason)
        rest = counted[1:] if cause and len(failed) == 1 else counted
        message = "; ".join(filter(None, (cause, *rest)))
        return {"succeeded": False, "reason": reason, "message": clip(message)}
    return {"succeeded": True, "reason": Reason.SUCCEEDED, "message": clip(message)}


def _cause(failure: Watched, reason: Reason) -> str:
    """Return why a task failed, with its reason unless the run has the same."""
    known = failure.reason in (reason, Reason.RETRIES_EXHAUSTED)  # Its message has it.
    words = ": ".join(filter(None, ("" if known else failure.reason, failure.message)))
    return f"{failure.task} failed: {words}" if words else ""


def _named(view: RunView, outcome: Outcome) -> list[str]:
    """Return the tasks with an outcome, in the definition's order."""
    tasks = view.definition.tasks
    return sorted(view.found.ended(outcome), key=lambda name: tasks[name].position)


def _list(what: str, names: list[str]) -> str:
    if not names:
        return ""
    return f"{len(names)} {what} ({listed(names, NAMED)})"


def _progress(course: Course, counts: Counts, attention: tuple[Watched, ...]) -> tuple[Reason, str]:
    """Return the reason and message of a run that goes on."""
    timed_out = course.reason is Reason.RUN_TIMEOUT
    match course.mode:
        case Mode.CANCEL if counts.cancelled or not timed_out:
            return (Reason.TIMING_OUT if timed_out else Reason.CANCELLING), course.message
        case Mode.TERMINATE:
            timed_out = course.reason is Reason.FINALLY_TIMEOUT
            return (Reason.TIMING_OUT if timed_out else Reason.CANCELLING), course.message
        case Mode.STOP:
            return Reason.STOPPING, course.message
        case Mode.PAUSE:
            return Reason.PAUSED, course.message
        case _:
            troubles = attention[:NAMED]
            return Reason.RUNNING, "; ".join(
                f"{trouble.task}: {trouble.reason}" for trouble in troubles
            )
