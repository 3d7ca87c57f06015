"""A stopping run starts nothing new."""

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.course import ENDING, Mode
from headrace.engine.outcome import Ended, Outcome
from headrace.engine.task.verdict import TaskView, Verdict


def stopped(view: TaskView) -> Verdict | None:
    """
    Start no new task of a stopping run.

    Asked after `upstream`: a task that its rule has left out stays omitted, whenever the stop came.
    """
    course = view.turn.course
    if view.log.count or (view.task.is_finally and course.mode is not Mode.TERMINATE):
        return None
    if course.mode in ENDING:
        return Ended(Outcome.CANCELLED, Reason.RUN_STOPPED, course.message)
    if view.turn.halted is not None:
        message = f"onFailure is Stop, and task {view.turn.halted} failed"
        return Ended(Outcome.CANCELLED, Reason.RUN_STOPPED, message)
    return None
