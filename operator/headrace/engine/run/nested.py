"""
The runs that tasks have called: how a task sees its run, and what is passed on to it.

Knows a run by its log. Knows no world.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import CANCELLING, DesiredState
from headrace.engine.course import ENDING, Course, Mode
from headrace.engine.places import NO_PLACES, Places
from headrace.engine.run.observed import RunLog
from headrace.engine.task.actions import PassOn
from headrace.engine.task.judgement import Judged
from headrace.engine.task.observed import (
    RUN,
    Ending,
    Named,
    ObservedTask,
    One,
    Sighting,
    Stage,
    Where,
)
from headrace.engine.text import LONGEST_WORDS, clip

BY_SOMEBODY: Final = frozenset({Reason.CANCELLED, Reason.STOPPED, Reason.TERMINATED})
"""The ends of a run that somebody asked for."""

PASSED: Final[Mapping[Mode, DesiredState]] = {
    Mode.GO: DesiredState.RUN,
    Mode.PAUSE: DesiredState.PAUSE,
    Mode.STOP: DesiredState.STOP,
    Mode.CANCEL: DesiredState.CANCEL,
    Mode.TERMINATE: DesiredState.TERMINATE,
}
"""The state that a run passes on, by its own mode."""

MILD: Final = frozenset({DesiredState.RUN, DesiredState.PAUSE})
"""The states that may follow each other in any order. Any other state only becomes stronger."""


@dataclass(frozen=True, slots=True)
class NestedRun:
    """A run that a task has called."""

    name: str
    number: int
    """The attempt."""
    created: datetime
    log: RunLog
    passed: DesiredState = DesiredState.RUN
    """The state that was last passed on to it."""
    gone: bool = False
    """Somebody has deleted it."""


def sighting_of(run: NestedRun) -> Sighting:
    """Return the attempt that a run is."""
    log, unit = run.log, Named(RUN, run.name)
    shown = Sighting(
        run.number,
        Stage.STARTING,
        Where(unit),
        run.created,
        started=log.started,
        leaving=run.passed in CANCELLING,
        passed=run.passed,
    )
    if log.finished is not None:
        ending = _ending(run, log.finished)
        return replace(shown, stage=Stage.ENDED, ending=ending, alive=False)
    if run.gone:
        return replace(shown, stage=Stage.GONE, alive=False, leaving=True)
    if log.started is not None:
        return replace(shown, stage=Stage.RUNNING, message=_progress(run))
    waiting = None if log.reason is Reason.PENDING else log.reason
    words = f"{unit}: {log.message}" if log.message else f"{unit} has not begun"
    return replace(shown, waiting=waiting, message=clip(words))


def _ending(run: NestedRun, at: datetime) -> Ending:
    log = run.log
    if log.succeeded:
        outputs = json.dumps(dict(log.outputs), ensure_ascii=False) if log.outputs else ""
        return Ending(at, One(0), output=outputs)
    reason = Reason.RUN_CANCELLED if log.reason in BY_SOMEBODY else Reason.RUN_FAILED
    how = "failed" if log.reason is Reason.FAILED else f"ended as {log.reason}"
    return Ending(
        at, reason=reason, message=clip(f"run {run.name} {how}: {log.message}", LONGEST_WORDS)
    )


def _progress(run: NestedRun) -> str:
    """Return how far a run is, and its trouble."""
    log = run.log
    words = f"run {run.name}: {log.counts.ended}/{log.counts.total} tasks"
    if log.reason is not Reason.RUNNING:
        words = f"{words}, {log.reason}"
    return clip(f"{words}; {log.message}" if log.message else words)


def ended_with(name: str, seen: ObservedTask) -> Iterator[PassOn]:
    """Yield how the run of a task ends, because the calling run has ended."""
    sighting = seen.sighting
    if sighting is None or sighting.passed is None or not sighting.alive:
        return
    if sighting.items is not None:
        yield from _to_items(name, sighting, sighting.items.running, DesiredState.CANCEL)
    elif sighting.passed not in CANCELLING:
        yield PassOn(name, sighting.number, DesiredState.CANCEL)


def passed_on(judged: Judged, course: Course) -> Iterator[PassOn]:
    """Yield the state to pass on to the run of a task, if it has changed."""
    sighting = judged.seen.sighting if judged.seen is not None else None
    if sighting is None or sighting.passed is None or not sighting.alive:
        return
    log = judged.log
    is_open = judged.outcome is None and log.last is not None and log.last.open
    is_finally, name = judged.task.is_finally, judged.task.name
    wanted = _wanted(course, is_finally=is_finally, is_open=is_open)
    if sighting.items is not None:
        running = sighting.items.running
        open_ = running & log.items.open if is_open and log.items is not None else NO_PLACES
        yield from _to_items(name, sighting, open_, wanted)
        over = _wanted(course, is_finally=is_finally, is_open=False)
        yield from _to_items(name, sighting, running - open_, over)
    elif may_follow(sighting.passed, wanted):
        yield PassOn(name, sighting.number, wanted)


def _to_items(
    name: str, sighting: Sighting, items: Places, wanted: DesiredState
) -> Iterator[PassOn]:
    """Yield the state to pass on to the runs of some items, if any of them lacks it."""
    known = sighting.items.passed if sighting.items is not None else {}
    lacking = [index for index in items.among(known) if may_follow(known[index], wanted)]
    if lacking:
        yield PassOn(name, sighting.number, wanted, Places.of(lacking))


def _wanted(course: Course, *, is_finally: bool, is_open: bool) -> DesiredState:
    if course.mode is Mode.TERMINATE:
        return DesiredState.TERMINATE
    if not is_open:
        return DesiredState.CANCEL
    if is_finally and course.mode in ENDING:
        return DesiredState.RUN
    return PASSED[course.mode]


def may_follow(before: DesiredState, after: DesiredState) -> bool:
    """Return whether a state may take the place of another."""
    if before is after:
        return False
    if before in MILD and after in MILD:
        return True
    order = list(DesiredState)
    return order.index(after) > order.index(before)
