"""
The clocks of a task: how long it may wait for its container, and how long it may take in all.

Knows one task's log and limits. The time of a running container is the world's to enforce.
"""

from datetime import datetime, timedelta

from headrace.api.v1alpha1.task import TaskTimeouts
from headrace.engine.run import TaskLog


def pending_deadline(timeouts: TaskTimeouts, log: TaskLog) -> datetime | None:
    """Return when the open attempt must have started, if it has not yet."""
    last = log.last
    if last is None or not last.open or last.started is not None or last.created is None:
        return None
    return last.created + timedelta(seconds=timeouts.pending_seconds)


def total_deadline(timeouts: TaskTimeouts, log: TaskLog) -> datetime | None:
    """Return when the task must have ended, if it has a limit."""
    if timeouts.total_seconds is None or log.started is None:
        return None
    return log.started + timedelta(seconds=timeouts.total_seconds)
