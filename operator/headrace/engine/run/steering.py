"""
What somebody wants of a run, and what its own limits want: go on, pause, stop or cancel.

Knows `desiredState`, `timeouts.runSeconds` and `onFailure`. Knows no task.
"""

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
}


def deadline(run: ObservedRun) -> datetime | None:
    """Return when the run's time is over, if it has a limit and has begun."""
    seconds = run.definition.run_seconds if run.definition else None
    if seconds is None or run.log.started is None:
        return None
    return run.log.started + timedelta(seconds=seconds)


def course(run: ObservedRun, now: datetime) -> Course:
    """Say what a run may do now. A time limit that was reached stays reached."""
    asked = _ASKED[run.desired]
    if asked.mode is Mode.CANCEL:
        return asked
    limit = deadline(run)
    if run.log.reason is Reason.TIMING_OUT or (limit is not None and now >= limit):
        seconds = run.definition.run_seconds if run.definition else None
        return Course(
            Mode.CANCEL, Reason.RUN_TIMEOUT, f"longer than timeouts.runSeconds ({seconds})"
        )
    return asked
