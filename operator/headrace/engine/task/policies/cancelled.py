"""Started tasks end when the run is cancelled."""

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.course import Mode
from headrace.engine.outcome import Ended, Outcome
from headrace.engine.task.verdict import Abort, TaskView, Verdict


def cancelled(view: TaskView) -> Verdict | None:
    """End a started task of a cancelled run; a `finally` task only if the run is terminated."""
    course = view.turn.course
    cancels = course.mode is Mode.CANCEL and not view.task.is_finally
    if not view.begun or not (cancels or course.mode is Mode.TERMINATE):
        return None
    if view.attempt_open:
        return Abort(Reason.CANCELLED, course.message)
    return Ended(Outcome.CANCELLED, course.reason, course.message)
