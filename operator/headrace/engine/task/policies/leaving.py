"""Attempts never overlap: the next one waits until the previous one has ended completely."""

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.task.verdict import TaskView, Verdict, Wait


def leaving(view: TaskView) -> Verdict | None:
    """Wait until no part of the previous attempt runs."""
    if view.seen is None or not view.seen.still_there:
        return None
    instance = view.sighting.where.instance if view.sighting is not None else None
    where = f" ({instance})" if instance is not None else ""
    return Wait(Reason.WAITING_FOR_RETRY, f"the previous attempt is still being removed{where}")
