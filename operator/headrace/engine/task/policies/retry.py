"""After a failed attempt: the end, or the wait for the next one."""

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.outcome import Ended, Outcome
from headrace.engine.task.retry import GiveUp, RetryAt, after_failure
from headrace.engine.task.verdict import TaskView, Verdict, Wait


def retry(view: TaskView) -> Verdict | None:
    """Give up, or wait for the next attempt's time, after a failure."""
    last = view.log.last
    if last is None:
        return None
    match after_failure(view.task.retry, view.log, view.attempt_id(last.number)):
        case GiveUp(reason, message):
            return Ended(Outcome.FAILED, reason, message)
        case RetryAt(when, message):
            if view.turn.now < when:
                return Wait(Reason.WAITING_FOR_RETRY, message, when, next_attempt=when)
    return None
