"""Workflows call each other only so deep: a circle of calls must end."""

from typing import Final

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.definition.work import ChildRun, work_of_one
from headrace.engine.outcome import Ended, Outcome
from headrace.engine.task.verdict import TaskView, Verdict

DEEPEST: Final = 10
"""How many runs there may be one in another, the outermost among them."""


def nested_depth(view: TaskView) -> Verdict | None:
    """Fail a task that would call one workflow too many."""
    work, chain = work_of_one(view.task.work), view.turn.chain
    if not isinstance(work, ChildRun) or len(chain) < DEEPEST:
        return None
    way = " -> ".join((*chain, work.workflow))
    message = f"workflows call each other more than {DEEPEST} deep: {way}; remove a call"
    return Ended(Outcome.FAILED, Reason.NESTED_TOO_DEEP, message)
