"""The time of one run of a called workflow: `timeouts.attemptSeconds`. No kubelet enforces it."""

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.task import timeout
from headrace.engine.task.verdict import Abort, TaskView, Verdict


def nested_time(view: TaskView) -> Verdict | None:
    """End the run of a called workflow that takes too long."""
    limit = timeout.run_deadline(view.task.timeouts, view.log)
    if limit is None or view.turn.now < limit:
        return None
    seconds = view.task.timeouts.attempt_seconds
    return Abort(Reason.ATTEMPT_TIMEOUT, f"ran longer than timeouts.attemptSeconds ({seconds})")
