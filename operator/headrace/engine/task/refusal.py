"""
An attempt that the world refused to start, in the log of its task.

Knows the refusal. Does not decide what follows.
"""

from dataclasses import replace

from headrace.api.v1alpha1.retry import RetryPolicy
from headrace.engine.task.attempts import LOGGED_ATTEMPTS, another_try, close
from headrace.engine.task.classify import Failure
from headrace.engine.task.observed import Attempt, Denied, TaskLog


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
    if log.outcome is not None or (last is not None and last.open):
        return log
    if last is not None and last.finished is not None and denied.since <= last.finished:
        return log
    number = log.count + 1
    log = replace(
        log,
        attempts=(*log.attempts, Attempt(number, created=denied.since, memory=memory))[
            -LOGGED_ATTEMPTS:
        ],
        count=number,
        started=log.started or denied.since,
        items=another_try(log.items),
    )
    return close(log, Failure(denied.reason, denied.message), policy, denied.since)
