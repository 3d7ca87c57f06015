"""A task without its record never runs again in silence."""

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.outcome import Ended, Outcome
from headrace.engine.task.verdict import TaskView, Verdict


def task_run_deleted(view: TaskView) -> Verdict | None:
    """Fail a task without its record: a second run in silence could do harm."""
    if not view.lost:
        return None
    message = "the TaskRun was deleted after the task had started; start a new run to repeat it"
    return Ended(Outcome.FAILED, Reason.TASK_RUN_DELETED, message)
