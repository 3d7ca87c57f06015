"""Each item of a task that calls a workflow or asks people is an object: there may not be many."""

from headrace.api.v1alpha1.for_each import MAX_CHILDREN
from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.definition.ways import FROM, too_many_items
from headrace.engine.definition.work import Approvals, ChildRuns
from headrace.engine.outcome import Ended, Outcome
from headrace.engine.task.each import LARGEST, size_of
from headrace.engine.task.values import each_of, items_of
from headrace.engine.task.verdict import TaskView, Verdict


def items_limit(view: TaskView) -> Verdict | None:
    """Fail a task with too many items, or with too large ones."""
    work = view.task.work
    if view.begun or not isinstance(work, ChildRuns | Approvals):
        return None
    count = len(items_of(work, view.evaluated))
    if count > MAX_CHILDREN:
        field = "workflow" if isinstance(work, ChildRuns) else "approval"
        message = f"{FROM} {too_many_items(count, field)}"
        return Ended(Outcome.FAILED, Reason.INVALID_DEFINITION, message)
    size = size_of(each_of(view.evaluated))
    if size > LARGEST:
        message = (
            f"forEach: the values of the items have {size:,} bytes as JSON; at most {LARGEST:,}:"
            " pass addresses of data"
        )
        return Ended(Outcome.FAILED, Reason.INVALID_DEFINITION, message)
    return None
