"""The run of a called workflow that was stopped with its caller is not tried again."""

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.course import Mode
from headrace.engine.outcome import Ended, Outcome
from headrace.engine.task.verdict import TaskView, Verdict


def nested_stop(view: TaskView) -> Verdict | None:
    """Cancel a task whose run has ended early because the calling run was stopped."""
    last, course = view.log.last, view.turn.course
    if course.mode is not Mode.STOP or view.task.is_finally or last is None:
        return None
    items = view.log.items
    cut = items is not None and (
        last.reason is Reason.CANCELLED
        or any(each.reason is Reason.RUN_CANCELLED for each in items.failures)
    )
    if last.reason is not Reason.RUN_CANCELLED and not cut:
        return None
    return Ended(Outcome.CANCELLED, Reason.RUN_STOPPED, course.message)
