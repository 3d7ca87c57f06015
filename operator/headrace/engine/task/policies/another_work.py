"""A TaskRun of another kind of work than the task's: somebody else wrote it."""

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.definition.work import Timer, Timers
from headrace.engine.outcome import Ended, Outcome
from headrace.engine.task.verdict import TaskView, Verdict


def another_work(view: TaskView) -> Verdict | None:
    """Fail a task with a program whose TaskRun only waits: time would pass for its success."""
    waits = isinstance(view.task.work, Timer | Timers)
    if view.sighting is None or view.sighting.due is None or waits:
        return None
    message = (
        "the TaskRun has waitUntil, and the task runs a program: somebody else created it; delete"
        " it, and start a new run"
    )
    return Ended(Outcome.FAILED, Reason.NOT_OF_THE_RUN, message)
