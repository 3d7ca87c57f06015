"""A task whose `forEach` gives no items is skipped."""

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.definition.ways import FROM
from headrace.engine.definition.work import FanOut
from headrace.engine.outcome import Ended, Outcome
from headrace.engine.task.values import fields_of
from headrace.engine.task.verdict import TaskView, Verdict


def no_items(view: TaskView) -> Verdict | None:
    """Skip a task without items. A task that has begun has some."""
    work = view.task.work
    if view.begun or not isinstance(work, FanOut):
        return None
    items = work.items if work.items is not None else fields_of(view.evaluated).get(FROM)
    return None if items else Ended(Outcome.SKIPPED, Reason.SKIPPED, "forEach gives no items")
