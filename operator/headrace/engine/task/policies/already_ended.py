"""A known outcome never changes."""

from headrace.engine.outcome import Ended
from headrace.engine.task.verdict import TaskView, Verdict


def already_ended(view: TaskView) -> Verdict | None:
    """Keep a known outcome."""
    if view.log.outcome is None:
        return None
    return Ended(view.log.outcome, view.log.reason, view.log.message)
