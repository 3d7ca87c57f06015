"""The `runWhen` rule over a task's upstream tasks."""

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.definition.run_when import RULES, omission
from headrace.engine.task.verdict import TaskView, Verdict, Wait


def upstream(view: TaskView) -> Verdict | None:
    """Apply `runWhen` to a task that has not started."""
    if view.begun or view.task.is_finally or RULES[view.task.run_when].met(view.upstream):
        return None
    ended = omission(view.task.run_when, view.upstream)
    if ended is not None:
        return ended
    open_, total = view.upstream.open, view.upstream.total
    return Wait(Reason.WAITING_FOR_UPSTREAM, f"{open_} of {total} tasks upstream have not ended")
