"""Nothing starts beside what it waits for: an end counts when nothing of it runs any more."""

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.task.verdict import TaskView, Verdict, Wait


def still_running(view: TaskView) -> Verdict | None:
    """Wait until nothing runs of the tasks upstream that have ended, other than in success."""
    if view.beside is None:
        return None
    return Wait(Reason.WAITING_FOR_REMOVAL, f"{view.beside} still runs")
