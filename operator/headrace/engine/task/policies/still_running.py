"""A task never starts while an ended upstream task still runs."""

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.task.verdict import TaskView, Verdict, Wait


def still_running(view: TaskView) -> Verdict | None:
    """Wait until no part of an upstream task that ended without success runs any more."""
    if view.beside is None:
        return None
    return Wait(Reason.WAITING_FOR_REMOVAL, f"{view.beside} still runs")
