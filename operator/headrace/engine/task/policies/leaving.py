"""Attempts never overlap: the next waits until nothing of the one before runs."""

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.task.verdict import TaskView, Verdict, Wait


def leaving(view: TaskView) -> Verdict | None:
    """Wait until nothing of the attempt before runs any more: attempts never overlap."""
    if view.seen is None or not view.seen.still_there:
        return None
    instance = view.sighting.where.instance if view.sighting is not None else None
    where = f" ({instance})" if instance is not None else ""
    return Wait(Reason.WAITING_FOR_RETRY, f"the previous attempt is still being removed{where}")
