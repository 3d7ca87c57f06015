"""
An attempt that the world refused to start, in the log of its task.

Knows the refusal. Does not decide what follows.
"""

from dataclasses import replace

from headrace.api.v1alpha1.retry import RetryPolicy
from headrace.engine.task.attempts import LOGGED_ATTEMPTS, another_try, close
from headrace.engine.task.classify import Failure
from headrace.engine.task.item_ends import charged
from headrace.engine.task.items import ItemFailure, ItemsLog
from headrace.engine.task.observed import Attempt, TaskLog
from headrace.engine.task.obstacles import Denied
from headrace.engine.text import clip


def refuse(log: TaskLog, denied: Denied, policy: RetryPolicy, memory: str | None = None) -> TaskLog:
    """
    Log an attempt that the world refused: for the policies, it has failed like any other.

    The moment of the refusal becomes the attempt's end. So a refusal that was logged already adds
    no other attempt.

    Args:
        log: The task's log.
        denied: The refusal of the world.
        policy: The retry policy of the task.
        memory: The memory of the attempt, if a rule raised it: the next attempt starts from there.

    """
    last = log.last
    if log.outcome is not None:
        return log
    if denied.items and log.items is not None:
        return _without_items(log, log.items, denied, policy)
    if last is not None and last.open:
        return log
    if last is not None and last.finished is not None and denied.since <= last.finished:
        return log
    log = _opened(log, denied, memory)
    return close(log, Failure(denied.reason, denied.message), policy, denied.since)


def _opened(log: TaskLog, denied: Denied, memory: str | None = None) -> TaskLog:
    """Return a log with one more attempt, which began when it was refused."""
    number = log.count + 1
    attempt = Attempt(number, created=denied.since, memory=memory)
    return replace(
        log,
        attempts=(*log.attempts, attempt)[-LOGGED_ATTEMPTS:],
        count=number,
        started=log.started or denied.since,
        items=another_try(log.items),
    )


def _without_items(log: TaskLog, items: ItemsLog, denied: Denied, policy: RetryPolicy) -> TaskLog:
    """Charge a refusal to the items that were refused. Their attempt goes on with the others."""
    last = log.last
    if last is None or not last.open:
        if last is not None and last.finished is not None and denied.since <= last.finished:
            return log
        log = _opened(log, denied)
        items = log.items or items
    elif last.created is not None and denied.since < last.created:
        return log
    message = clip(denied.message)
    ends = [ItemFailure(index, denied.reason, message) for index in denied.items & items.open]
    return replace(log, items=charged(items, ends, policy)) if ends else log
