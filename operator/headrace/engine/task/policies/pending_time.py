"""The time until an attempt's container runs: `timeouts.pendingSeconds`."""

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.task import timeout
from headrace.engine.task.verdict import Abort, TaskView, Verdict


def pending_time(view: TaskView) -> Verdict | None:
    """End an attempt whose container did not start in time."""
    limit = timeout.pending_deadline(view.task.timeouts, view.log, view.sighting)
    if limit is None or view.turn.now < limit:
        return None
    time = f"timeouts.pendingSeconds ({view.task.timeouts.pending_seconds})"
    what = f"{view.log.reason}: {view.log.message}" if view.log.message else view.log.reason
    return Abort(Reason.PENDING_TIMEOUT, f"not started within {time}; it waited for {what}")
