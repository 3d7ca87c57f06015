"""A wait or a question ends when the run starts nothing new: no task would follow it."""

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.definition.work import Approval, Timer, work_of_one
from headrace.engine.outcome import Ended, Outcome
from headrace.engine.task.policies.stopped import starts_nothing
from headrace.engine.task.verdict import Abort, TaskView, Verdict

IDLE = (Timer, Approval)
"""The kinds of work in which nothing runs."""


def wait_stopped(view: TaskView) -> Verdict | None:
    """End a wait of a stopping run at once. A program may go on: its work would be lost."""
    if not view.begun or not isinstance(work_of_one(view.task.work), IDLE):
        return None
    why = starts_nothing(view)
    if why is None:
        return None
    if view.attempt_open:
        return Abort(Reason.CANCELLED, why)
    return Ended(Outcome.CANCELLED, Reason.RUN_STOPPED, why)
