"""
The status of an Approval: people are asked, or how that ended.

Knows the Approval and the log of its attempt. Decides nothing.
"""

from datetime import datetime
from typing import Final

from headrace.api.v1alpha1.approval import ApprovalStatus
from headrace.api.v1alpha1.conditions import ConditionStatus, ConditionType
from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.task.answers import question_words
from headrace.engine.task.items import ItemsLog
from headrace.engine.task.observed import Attempt
from headrace.manifests.approval import Approval, ending_of
from headrace.manifests.conditions import Past, States, conditions
from headrace.manifests.json_form import Json, as_patch, name_of

_CONDITIONS: Final = name_of(ApprovalStatus, "conditions")

_ASKED: Final = {
    ConditionType.ANSWERED: ConditionStatus.UNKNOWN,
    ConditionType.READY: ConditionStatus.UNKNOWN,
    ConditionType.RECONCILING: ConditionStatus.TRUE,
    ConditionType.STALLED: ConditionStatus.FALSE,
}
_ANSWERED: Final = {
    ConditionType.ANSWERED: ConditionStatus.TRUE,
    ConditionType.READY: ConditionStatus.TRUE,
    ConditionType.RECONCILING: ConditionStatus.FALSE,
    ConditionType.STALLED: ConditionStatus.FALSE,
}
_WITHOUT: Final = {
    ConditionType.ANSWERED: ConditionStatus.FALSE,
    ConditionType.READY: ConditionStatus.FALSE,
    ConditionType.RECONCILING: ConditionStatus.FALSE,
    ConditionType.STALLED: ConditionStatus.TRUE,
}

BY_ANSWER: Final = frozenset({Reason.SUCCEEDED, Reason.REJECTED})
"""The reasons of an attempt that an answer ended."""


def asked_status(item: Approval, now: datetime, *, guarded: bool) -> Json:
    """
    Return the status of a question that people can answer from now on.

    Args:
        item: The Approval.
        now: The time of the write.
        guarded: Whether the API server refuses answers of others than the approvers.

    """
    spec = item.spec
    words = question_words(spec.message, spec.choices, deadline=spec.deadline)
    said = (_ASKED, Reason.WAITING_FOR_APPROVAL, words)
    return _status(item, said, now, guarded=guarded)


def closed_status(item: Approval, attempt: Attempt | None, now: datetime) -> Json:
    """
    Return the status of a question that is over.

    Args:
        item: The Approval.
        attempt: The attempt in the log of its task, which has ended; None: nothing is known of it.
        now: The time of the write.

    """
    ended = attempt.finished if attempt is not None and attempt.finished is not None else now
    ending = ending_of(item, ended) if attempt is None or attempt.reason in BY_ANSWER else None
    said: tuple[States, Reason, str]
    if ending is not None:
        said = (_ANSWERED, Reason.ANSWERED, ending.message)
    elif attempt is None:
        said = (_WITHOUT, Reason.CANCELLED, "")
    elif attempt.reason in BY_ANSWER:
        said = (_WITHOUT, Reason.APPROVAL_TIMEOUT, f"{item.spec.on_timeout} counts (onTimeout)")
    else:
        said = (_WITHOUT, attempt.reason or Reason.CANCELLED, attempt.message)
    return _status(item, said, now, guarded=item.status.guarded, over=ended)


def end_of_item(items: ItemsLog, index: int, item: Approval, now: datetime) -> Attempt | None:
    """
    Return how the question about an item has ended; None: its item has not.

    Args:
        items: The items in the log of the task.
        index: The item.
        item: Its Approval.
        now: The time of the write.

    """
    spec = item.spec
    answered = spec.answer.time if spec.answer is not None else None
    at = answered or (now if spec.deadline is None else min(spec.deadline, now))
    number = spec.attempt
    if index in items.succeeded:
        return Attempt(number, finished=at, reason=Reason.SUCCEEDED)
    if index not in items.unsuccessful:
        return None
    shown = next((each for each in items.failures if each.index == index), None)
    if shown is not None:
        return Attempt(number, finished=at, reason=shown.reason, message=shown.message)
    reason = Reason.APPROVAL_TIMEOUT if ending_of(item, now) is None else Reason.REJECTED
    return Attempt(number, finished=at, reason=reason)


def _status(
    item: Approval,
    said: tuple[States, Reason, str],
    now: datetime,
    *,
    guarded: bool,
    over: datetime | None = None,
) -> Json:
    meta, (states, reason, message) = item.metadata, said
    past = Past.of({_CONDITIONS: list(item.status.conditions)}, meta.creation_timestamp or now, now)
    since = {
        kind: past.since(kind, state, over, first=states is _ASKED)
        for kind, state in states.items()
    }
    return as_patch(
        ApprovalStatus(
            conditions=conditions(states, (reason, message, meta.generation), since),
            observed_generation=meta.generation,
            guarded=guarded,
            completion_time=over,
        )
    )
