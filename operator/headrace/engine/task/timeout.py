"""
The clocks of a task: how long it may wait for its container, and how long it may take in all.

Knows one task's log and limits. The world enforces the time of a running container.
"""

from datetime import datetime, timedelta

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.task import TaskTimeouts
from headrace.engine.task.observed import RUN, Sighting, Stage, TaskLog


def pending_deadline(
    timeouts: TaskTimeouts, log: TaskLog, sighting: Sighting | None
) -> datetime | None:
    """
    Return when the open attempt's program must run, if it does not run yet.

    The clock begins with the Job, so the wait for a quota before the pod counts too. It begins
    again with a pod that replaces a lost one, and when somebody resumes a suspended Job.
    """
    last = log.last
    if last is None or not last.open or sighting is None or sighting.stage is not Stage.STARTING:
        return None
    if sighting.passed is not None:
        return None  # a run waits by its own rules
    if log.reason in (Reason.SUSPENDED, Reason.RUNNING):
        return None  # a queue suspended it, which is no fault; or its program runs
    made = last.created if last.started is None else None  # it ran before
    moments = (made, last.replaced, sighting.waiting_since)
    since = max((moment for moment in moments if moment is not None), default=None)
    return None if since is None else since + timedelta(seconds=timeouts.pending_seconds)


def run_deadline(timeouts: TaskTimeouts, log: TaskLog) -> datetime | None:
    """Return when the open attempt's run must have ended, if the attempt is a run."""
    last, seconds = log.last, timeouts.attempt_seconds
    if last is None or not last.open or last.created is None or seconds is None:
        return None
    is_run = last.where.unit is not None and last.where.unit.kind == RUN
    return last.created + timedelta(seconds=seconds) if is_run else None


def next_limit(timeouts: TaskTimeouts, log: TaskLog, sighting: Sighting | None) -> datetime | None:
    """Return when the open attempt ends without an event: its own end, or that of its wait."""
    ends = [pending_deadline(timeouts, log, sighting), run_deadline(timeouts, log)]
    if sighting is not None:
        ends += [sighting.due, None if sighting.expected is None else sighting.expected.at]
    return min((end for end in ends if end is not None), default=None)


def total_deadline(timeouts: TaskTimeouts, log: TaskLog) -> datetime | None:
    """Return when the task must have ended, if it has a limit."""
    if timeouts.total_seconds is None or log.started is None:
        return None
    return log.started + timedelta(seconds=timeouts.total_seconds)
