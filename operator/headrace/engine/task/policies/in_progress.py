"""An open attempt is left alone."""

from headrace.engine.task import timeout
from headrace.engine.task.verdict import TaskView, Verdict, Wait


def in_progress(view: TaskView) -> Verdict | None:
    """Leave an open attempt alone."""
    if not view.attempt_open:
        return None
    until = timeout.next_limit(view.task.timeouts, view.log, view.sighting)
    return Wait(view.log.reason, view.log.message, until)
