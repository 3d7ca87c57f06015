"""
The changes between two logs of a task that deserve an Event.

Knows the recorded log and the next one. No decision depends on it.
"""

from collections.abc import Iterator

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.outcome import Outcome
from headrace.engine.task.classify import KINDS
from headrace.engine.task.observed import Attempt, TaskLog

FAILURES = KINDS.keys() | {Reason.ITEMS_FAILED}
"""The reasons of failed attempts."""

TROUBLES = frozenset(
    {Reason.UNSCHEDULABLE, Reason.IMAGE_PULL_FAILED, Reason.CONTAINER_CONFIG_ERROR}
    | {Reason.QUOTA_EXCEEDED, Reason.POD_NOT_CREATED, Reason.FORBIDDEN}
)
"""Reasons to wait that end only when somebody acts."""


def closings(old: TaskLog, new: TaskLog) -> Iterator[Attempt]:
    """Yield the attempts that ended between the old log and the new one."""
    before = {attempt.number for attempt in old.attempts if not attempt.open}
    for attempt in new.attempts:
        if not attempt.open and attempt.number not in before:
            yield attempt


def news(old: TaskLog, new: TaskLog) -> Iterator[tuple[Reason, str]]:
    """
    Yield reason and message of each lost instance, failed attempt, failed end, and new trouble.

    Success has no Event: the status shows it, and an Event is a write. The failure that ends a task
    has one Event, with the end.
    """
    failed = new.outcome is Outcome.FAILED and old.outcome is None
    for attempt in closings(old, new):
        is_end = failed and attempt.number == new.count
        if attempt.reason in FAILURES and not is_end:
            words = f": {attempt.message}" if attempt.message else ""
            yield attempt.reason, f"attempt {attempt.number} failed{words}"
    lost = new.last if new.outcome is None and new.last is not None and new.last.open else None
    if lost is not None and lost.message and lost.message != _message(old, lost.number):
        yield Reason.POD_LOST, f"attempt {lost.number} goes on elsewhere: {lost.message}"
    troubled = new.reason in TROUBLES and new.reason is not old.reason
    if failed or troubled:
        yield new.reason, new.message


def _message(log: TaskLog, number: int) -> str:
    """Return the recorded attempt."""
    return next((attempt.message for attempt in log.attempts if attempt.number == number), "")
