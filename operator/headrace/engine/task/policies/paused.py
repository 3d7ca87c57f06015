"""A paused run starts nothing and tries nothing again."""

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.course import Mode
from headrace.engine.task.verdict import TaskView, Verdict, Wait


def paused(view: TaskView) -> Verdict | None:
    """Start nothing, and try nothing again, while the run is paused."""
    if view.turn.course.mode is not Mode.PAUSE:
        return None
    return Wait(Reason.PAUSED, view.turn.course.message)
