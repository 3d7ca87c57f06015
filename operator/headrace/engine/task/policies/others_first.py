"""`finally` tasks come after all others."""

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.task.verdict import TaskView, Verdict, Wait


def others_first(view: TaskView) -> Verdict | None:
    """Keep a `finally` task back until all other tasks have ended."""
    if not view.task.is_finally or view.turn.unfinished is None:
        return None
    return Wait(Reason.WAITING_FOR_TASKS, f"waits for {view.turn.unfinished}")
