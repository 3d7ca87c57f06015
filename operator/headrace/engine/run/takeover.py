"""
The first stage of a rerun: what is not repeated is taken over, before any task is judged.

Knows the plan and the earlier run's logs. Knows no world. A crash at any moment repeats a step that
changes nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine import ranges
from headrace.engine.course import ENDING, Course
from headrace.engine.definition.compile import Definition
from headrace.engine.outcome import Outcome
from headrace.engine.run.admission import Refused
from headrace.engine.run.context import context_of
from headrace.engine.run.inheritance import untaken
from headrace.engine.run.observed import Counts, ObservedRun, RunLog
from headrace.engine.run.rerun_plan import plan
from headrace.engine.task.actions import RunContext, TakeOver
from headrace.engine.task.cache import done_at
from headrace.engine.task.earlier_work import log_of
from headrace.engine.task.obstacles import Busy, Denied

BATCH: Final = 100
"""How many tasks one turn takes over: other runs have their turns in between."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A turn of the first stage: what to take over now, and the status."""

    status: RunLog
    actions: tuple[TakeOver, ...] = ()
    until: datetime | None = None
    """When to go on, if that is not at once."""


def take_over(
    run: ObservedRun, definition: Definition, course: Course, now: datetime
) -> Stage | Refused | None:
    """Return the next step of the first stage; None: the run has none, or it is over."""
    if run.rerun is None:
        return None
    known, source = run.log.inheritance, run.source
    left = None if known is None else list(untaken(run, definition, known))
    if left is not None and (not left or course.mode in ENDING):
        return None
    if source is None:
        return _deleted(f"run {run.rerun.name}")
    if left is None:
        log = replace(run.log, inheritance=plan(run, source, run.rerun, definition))
        return Stage(_status(replace(run, log=log), definition, now))
    for name in left:
        if _outcome(source, name) is not Outcome.SUCCEEDED:
            return _deleted(f"the TaskRun of {name} in run {run.rerun.name}")
    return _step(run, source, definition, left, now)


def _step(
    run: ObservedRun,
    source: ObservedRun,
    definition: Definition,
    left: Sequence[str],
    now: datetime,
) -> Stage | Refused:
    """Return the next tasks to take over, unless the world refused one of them."""
    status = _status(run, definition, now, len(left))
    batch = []
    for name in left[:BATCH]:
        match run.obstacles.get(name):
            case Denied(reason, message):
                return Refused(reason, f"task {name} cannot be taken over: {message}")
            case Busy(reason, message, until) if now < until:
                held = replace(status, reason=reason, message=f"{name}: {message}")
                return Stage(held, until=until)
            case _:
                batch.append(name)
    context = context_of(run, definition)
    return Stage(status, tuple(_actions(source, batch, context, now)))


def _actions(
    source: ObservedRun, names: Sequence[str], context: RunContext, now: datetime
) -> Iterator[TakeOver]:
    for name in names:
        seen = source.tasks[name]
        log = seen.log
        first = log.taken_over_from or source.key.name
        why = Reason.TAKEN_OVER, f"run {first} did the work"
        own = log_of(first, why, log.outputs, done_at(log), now)
        if log.items is not None:
            own = replace(own, items=replace(log.items, taken_over=log.items.succeeded))
        yield TakeOver(name, context, own, cache_hash=seen.cache_hash)


def _status(
    run: ObservedRun, definition: Definition, now: datetime, left: int | None = None
) -> RunLog:
    """Return the status of a run in this stage."""
    known, total = run.log.inheritance, len(definition.names)
    wanted = len(ranges.read(known.taken_over)) if known is not None else 0
    left = wanted if left is None else left
    done, source = wanted - left, run.rerun.name if run.rerun is not None else ""
    positions = {definition.tasks[name].position for name in run.tasks if name in definition.tasks}
    return replace(
        run.log,
        started=run.log.started or now,
        reason=Reason.TAKING_OVER,
        message=f"{left} of {wanted} tasks of run {source} are left to take over",
        counts=Counts(total=total, pending=total - done, succeeded=done),
        positions=ranges.write(ranges.read(run.log.positions) | positions),
        observed_generation=run.generation,
    )


def _outcome(source: ObservedRun, name: str) -> Outcome | None:
    seen = source.tasks.get(name)
    return seen.log.outcome if seen is not None else None


def _deleted(what: str) -> Refused:
    return Refused(
        Reason.SOURCE_RUN_DELETED,
        f"rerunOf: {what} was deleted before its results were taken over; start a new run of the"
        " workflow",
    )
