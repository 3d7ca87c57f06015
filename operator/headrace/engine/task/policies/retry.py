"""After a failed attempt: the end, or the wait for the next one."""

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.definition.work import allowed_failures
from headrace.engine.outcome import Ended, Outcome
from headrace.engine.task.item_ends import summary
from headrace.engine.task.items import ItemsLog
from headrace.engine.task.observed import Attempt
from headrace.engine.task.retry import GiveUp, RetryAt, after_failure, failure_words, next_start
from headrace.engine.task.terms import terms_of
from headrace.engine.task.verdict import TaskView, Verdict, Wait


def retry(view: TaskView) -> Verdict | None:
    """Give up, or wait for the next attempt's time, after a failure."""
    last = view.log.last
    if last is None:
        return None
    if view.log.items is not None:
        return _items(view, last, view.log.items)
    match after_failure(view.task.retry, view.log, view.attempt_id(last.number)):
        case GiveUp(reason, message):
            return Ended(Outcome.FAILED, reason, message)
        case RetryAt(when, message):
            if view.turn.now < when:
                return Wait(Reason.WAITING_FOR_RETRY, message, when, next_attempt=when)
    return None


def _items(view: TaskView, last: Attempt, items: ItemsLog) -> Verdict | None:
    """Wait for the attempt of the items that run again; without any, compare the failures."""
    if items.todo:
        when = next_start(view.task.retry, view.log, view.attempt_id(last.number))
        if view.turn.now >= when:
            return None
        noun = "item runs" if len(items.todo) == 1 else "items run"
        message = f"{failure_words(last)}; {len(items.todo)} {noun} again"
        return Wait(Reason.WAITING_FOR_RETRY, message, when, next_attempt=when)
    if len(items.failed) <= allowed_failures(terms_of(view.task).tolerated, items.total):
        return Ended(Outcome.SUCCEEDED, Reason.SUCCEEDED, summary(items))
    return Ended(Outcome.FAILED, Reason.ITEMS_FAILED, summary(items))
