"""A task whose `forEach` gives no items is skipped."""

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.definition.work import OF_ITEMS
from headrace.engine.outcome import Ended, Outcome
from headrace.engine.task.values import items_of
from headrace.engine.task.verdict import TaskView, Verdict


def no_items(view: TaskView) -> Verdict | None:
    """Skip a task without items. A task that has begun has some."""
    work = view.task.work
    if view.begun or not isinstance(work, OF_ITEMS):
        return None
    if items_of(work, view.evaluated):
        return None
    return Ended(Outcome.SKIPPED, Reason.SKIPPED, "forEach gives no items")
