"""An open attempt is left alone."""

from headrace.engine.task import timeout
from headrace.engine.task.item_clocks import next_end
from headrace.engine.task.terms import terms_of
from headrace.engine.task.verdict import TaskView, Verdict, Wait


def in_progress(view: TaskView) -> Verdict | None:
    """Leave an open attempt alone."""
    if not view.attempt_open:
        return None
    limits = (
        timeout.next_limit(view.task.timeouts, view.log, view.sighting),
        next_end(view.log.items, view.sighting, terms_of(view.task), view.turn.now),
    )
    until = min((limit for limit in limits if limit is not None), default=None)
    return Wait(view.log.reason, view.log.message, until)
