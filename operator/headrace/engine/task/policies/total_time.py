"""A task's time with all its waits and retries: `timeouts.totalSeconds`."""

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.outcome import Ended, Outcome
from headrace.engine.task import timeout
from headrace.engine.task.verdict import Abort, TaskView, Verdict


def total_time(view: TaskView) -> Verdict | None:
    """Fail a task that took too long with all its waits and retries."""
    limit = timeout.total_deadline(view.task.timeouts, view.log)
    if limit is None or view.turn.now < limit:
        return None
    message = (
        f"the task took longer than timeouts.totalSeconds ({view.task.timeouts.total_seconds})"
    )
    if view.attempt_open:
        return Abort(Reason.TASK_TIMEOUT, message)
    return Ended(Outcome.FAILED, Reason.TASK_TIMEOUT, message)
