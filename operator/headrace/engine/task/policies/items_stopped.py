"""A stopping run calls no further workflow: the items that have no run yet get none."""

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.course import Mode
from headrace.engine.definition.work import ChildRuns
from headrace.engine.task.verdict import Abort, TaskView, Verdict


def items_stopped(view: TaskView) -> Verdict | None:
    """End the attempt of a stopping run over items once none of their runs goes on."""
    course = view.turn.course
    if not view.attempt_open or not isinstance(view.task.work, ChildRuns):
        return None
    if course.mode is not Mode.STOP or view.task.is_finally:
        return None
    seen = view.sighting.items if view.sighting is not None else None
    if seen is None or seen.running:
        return None
    return Abort(Reason.CANCELLED, course.message)
