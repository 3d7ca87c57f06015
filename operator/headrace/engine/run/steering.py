"""
The steering of a run, by somebody's wish or by its own limits: go on, pause, or end.

Knows `desiredState`, `timeouts.runSeconds` and `timeouts.finallySeconds`. Knows no task.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import DesiredState
from headrace.engine.course import Course, Mode
from headrace.engine.run.observed import ObservedRun

_ASKED = {
    DesiredState.RUN: Course(Mode.GO),
    DesiredState.PAUSE: Course(Mode.PAUSE, Reason.PAUSED, "desiredState is Pause"),
    DesiredState.STOP: Course(Mode.STOP, Reason.STOPPED, "desiredState is Stop"),
    DesiredState.CANCEL: Course(Mode.CANCEL, Reason.CANCELLED, "desiredState is Cancel"),
    DesiredState.TERMINATE: Course(Mode.TERMINATE, Reason.TERMINATED, "desiredState is Terminate"),
}


_PASSED_ON: Mapping[DesiredState, Course] = {
    DesiredState.RUN: Course(Mode.GO),
    DesiredState.PAUSE: Course(Mode.PAUSE, Reason.PAUSED, "the calling run is paused"),
    DesiredState.STOP: Course(Mode.STOP, Reason.STOPPED, "the calling run was stopped"),
    DesiredState.CANCEL: Course(Mode.CANCEL, Reason.CANCELLED, "the calling run ended this one"),
    DesiredState.TERMINATE: Course(
        Mode.TERMINATE, Reason.TERMINATED, "the calling run was terminated"
    ),
}
_STRENGTH = {mode: strength for strength, mode in enumerate(Mode)}


def course(run: ObservedRun, now: datetime) -> Course:
    """
    Return the course of a run: the strongest of wishes, the calling run's among them, and limits.

    A limit that was reached stays reached.
    """
    wishes = (_ASKED[run.desired], _PASSED_ON[run.passed])
    asked = max(wishes, key=lambda wish: _STRENGTH[wish.mode])
    if asked.mode is Mode.TERMINATE:
        return asked
    limit = finally_deadline(run)
    if limit is not None and now >= limit:
        return Course(
            *(Mode.TERMINATE, Reason.FINALLY_TIMEOUT),
            f"`finally` took longer than timeouts.finallySeconds ({_seconds(run)[1]})",
        )
    limit = run_deadline(run)
    out_of_time = run.log.reason is Reason.TIMING_OUT or (limit is not None and now >= limit)
    if out_of_time and asked.mode is not Mode.CANCEL:
        return Course(
            *(Mode.CANCEL, Reason.RUN_TIMEOUT),
            f"the run took longer than timeouts.runSeconds ({_seconds(run)[0]})",
        )
    return asked


def deadlines(run: ObservedRun) -> Iterator[datetime]:
    """Yield the times of the run's limits that count already."""
    yield from (
        instant for instant in (run_deadline(run), finally_deadline(run)) if instant is not None
    )


def run_deadline(run: ObservedRun) -> datetime | None:
    """Return when the run's time is over, if it has a limit and has begun."""
    return _after(run.log.started, _seconds(run)[0])


def finally_deadline(run: ObservedRun) -> datetime | None:
    """Return when the time of `finally` tasks is over, if it has a limit and counts already."""
    return _after(run.log.finally_since, _seconds(run)[1])


def _seconds(run: ObservedRun) -> tuple[int | None, int | None]:
    definition = run.definition
    return (definition.run_seconds, definition.finally_seconds) if definition else (None, None)


def _after(begin: datetime | None, seconds: int | None) -> datetime | None:
    return begin + timedelta(seconds=seconds) if begin is not None and seconds is not None else None
