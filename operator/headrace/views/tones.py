"""The mood of a state, for its colour. Knows reasons. Knows no colours and no terminal."""

from enum import Enum

from headrace.api.v1alpha1.reasons import Reason
from headrace.views.objects import Object, ended, number, reason, succeeded, text


class Tone(Enum):
    """The mood of a row, for its colour."""

    WAITING = "waiting"
    BUSY = "busy"
    TROUBLE = "trouble"
    """An attempt failed and another follows, or something unusual keeps it waiting."""
    GOOD = "good"
    BAD = "bad"
    OFF = "off"
    """The task ended and never ran, or was ended."""


_OFF = frozenset({Reason.CANCELLED, Reason.STOPPED, Reason.TERMINATED, Reason.CONCURRENCY_REPLACED})
_NEVER_RAN = frozenset({"Skipped", "Omitted", "Cancelled"})
"""Outcomes of tasks."""
_TROUBLE = frozenset(
    {
        Reason.WAITING_FOR_RETRY,
        Reason.WAITING_FOR_APPROVAL,
        Reason.APPROVAL_NOT_GUARDED,
        Reason.UNSCHEDULABLE,
        Reason.IMAGE_PULL_FAILED,
        Reason.CONTAINER_CONFIG_ERROR,
        Reason.QUOTA_EXCEEDED,
        Reason.POOL_NOT_FOUND,
        Reason.POD_NOT_CREATED,
        Reason.SUSPENDED,
        Reason.POOL_NOT_FOUND,
        Reason.API_UNAVAILABLE,
        Reason.FORBIDDEN,
        Reason.INTERNAL_ERROR,
    }
)
_WAITING = frozenset(
    {
        Reason.PENDING,
        Reason.PAUSED,
        Reason.WAITING_FOR_TURN,
        Reason.WAITING_FOR_POOL,
        Reason.WAITING_FOR_UPSTREAM,
        Reason.WAITING_FOR_SLOT,
        Reason.WAITING_FOR_POOL,
        Reason.WAITING_FOR_TASKS,
        Reason.WAITING_FOR_TIME,
    }
)


def tone(item: Object) -> Tone:
    """Return the mood of a run, task, workflow or question."""
    word = reason(item)
    if ended(item):
        if succeeded(item):
            return Tone.GOOD
        off = word in _OFF or text(item, "status", "outcome") in _NEVER_RAN
        return Tone.OFF if off else Tone.BAD
    if word in _TROUBLE or number(item, "status", "tasks", "failed"):
        return Tone.TROUBLE
    return Tone.WAITING if word in _WAITING else Tone.BUSY


def has_status(item: Object, word: str) -> bool:
    """
    Return whether an object is in a state that people name: its reason, in any case.

    `failed` also means each way to fail, and `running` all that has not ended.
    """
    wanted = word.lower()
    if wanted == reason(item).lower():
        return True
    if wanted == "failed":
        return tone(item) is Tone.BAD
    return wanted == "running" and not ended(item)
