"""What was started ends when the run is cancelled."""

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.course import Mode
from headrace.engine.outcome import Ended, Outcome
from headrace.engine.task.verdict import Abort, TaskView, Verdict


def cancelled(view: TaskView) -> Verdict | None:
    """End what was started, once the run is cancelled. `finally` tasks are exempt."""
    course = view.turn.course
    if course.mode is not Mode.CANCEL or view.task.is_finally or not view.begun:
        return None
    if view.attempt_open:
        return Abort(Reason.CANCELLED, course.message)
    return Ended(Outcome.CANCELLED, course.reason, course.message)
