"""
Expressions wait for the tasks that they read.

So they read ends only, and ends never change: evaluated again after a crash, they give the same.
"""

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.task.verdict import TaskView, Verdict, Wait


def unread(view: TaskView) -> Verdict | None:
    """Wait for the end of each task that the expressions read, whatever `runWhen` says."""
    if view.begun or view.unread is None:
        return None
    message = f"its expressions read {view.unread}, which has not ended"
    return Wait(Reason.WAITING_FOR_UPSTREAM, message)
