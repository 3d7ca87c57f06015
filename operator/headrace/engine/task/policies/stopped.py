"""A run that stops starts nothing new."""

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.course import ENDING, Mode
from headrace.engine.outcome import Ended, Outcome
from headrace.engine.task.verdict import TaskView, Verdict


def stopped(view: TaskView) -> Verdict | None:
    """
    Start no further task of a run that stops.

    Asked after `upstream`: what a rule has left out stays left out, whenever the stop came.
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
