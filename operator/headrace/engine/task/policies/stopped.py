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
    why = None if view.log.count else starts_nothing(view)
    return None if why is None else Ended(Outcome.CANCELLED, Reason.RUN_STOPPED, why)


def starts_nothing(view: TaskView) -> str | None:
    """Return why the run starts nothing new like this task; None: it does."""
    course = view.turn.course
    if view.task.is_finally and course.mode is not Mode.TERMINATE:
        return None
    if course.mode in ENDING:
        return course.message
    if view.turn.halted is not None:
        return f"onFailure is Stop, and task {view.turn.halted} failed"
    return None
