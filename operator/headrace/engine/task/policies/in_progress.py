"""An open attempt is left alone."""

from headrace.engine.task import timeout
from headrace.engine.task.verdict import TaskView, Verdict, Wait


def in_progress(view: TaskView) -> Verdict | None:
    """Leave an open attempt alone."""
    if not view.attempt_open:
        return None
    times = view.task.timeouts
    until = timeout.pending_deadline(times, view.log, view.sighting)
    if view.sighting is not None and view.sighting.due is not None:
        until = view.sighting.due
    return Wait(view.log.reason, view.log.message, until or timeout.run_deadline(times, view.log))
