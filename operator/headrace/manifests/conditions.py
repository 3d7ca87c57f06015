"""
The conditions of an object, and the time of each.

Knows the recorded conditions. The time of each changes only with its status, and never goes back.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from headrace.api.checks.instants import read_time, to_the_second
from headrace.api.v1alpha1.conditions import Condition, ConditionStatus, ConditionType
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import RunStatus
from headrace.engine.run.observed import RunLog
from headrace.engine.task.observed import TaskLog
from headrace.manifests.json_form import name_of

States = Mapping[ConditionType, ConditionStatus]

_CONDITIONS = name_of(RunStatus, "conditions")  # of all kinds
_TYPE_STATUS_SINCE = [
    name_of(Condition, field) for field in ("type", "status", "last_transition_time")
]

STUCK = frozenset({Reason.FORBIDDEN, Reason.INTERNAL_ERROR})
"""Reasons that last until somebody changes something."""

_AS_IT_ENDED = {
    None: ConditionStatus.UNKNOWN,
    True: ConditionStatus.TRUE,
    False: ConditionStatus.FALSE,
}
_IN_PROGRESS = {
    ConditionType.SUCCEEDED: ConditionStatus.UNKNOWN,
    ConditionType.READY: ConditionStatus.UNKNOWN,
    ConditionType.RECONCILING: ConditionStatus.TRUE,
    ConditionType.STALLED: ConditionStatus.FALSE,
}
_STUCK = _IN_PROGRESS | {
    ConditionType.RECONCILING: ConditionStatus.FALSE,
    ConditionType.STALLED: ConditionStatus.TRUE,
}


@dataclass(frozen=True, slots=True)
class Past:
    """The previous status of an object."""

    born: datetime
    """When the object was created."""
    now: datetime | None = None
    """When the next status is written; None: the creation."""
    conditions: Mapping[str, tuple[str, datetime]] = field(default_factory=dict)
    """By type, the recorded status of each condition, and since when it is so."""

    @classmethod
    def of(cls, status: Mapping[str, Any], born: datetime, now: datetime) -> "Past":
        """Read the previous status. A part that somebody garbled counts as missing."""
        written = status.get(_CONDITIONS)
        return cls(born, now, dict(_legible(written if isinstance(written, list) else ())))

    def since(
        self, kind: ConditionType, state: ConditionStatus, turned: datetime | None, *, first: bool
    ) -> datetime:
        """
        Return since when a condition has its status.

        Args:
            kind: Its type.
            state: Its status.
            turned: When the status changed, if it differs from the recorded one; None: now.
            first: Whether it is the first status of a new object: then it counts from the creation.

        """
        turn = turned or self.now or self.born
        known = self.conditions.get(kind)
        if known is None:
            return self.born if first else turn
        before, since = known
        return since if before == state else max(since, turn)


def conditions(
    states: States, shown: tuple[Reason, str, int], since: Mapping[ConditionType, datetime]
) -> tuple[Condition, ...]:
    """
    Return conditions with one reason and generation.

    Only the first one has the message, so that a reader sees it once.
    """
    reason, message, generation = shown
    messages = dict.fromkeys(states, "") | {next(iter(states)): message}
    return tuple(
        _condition(kind, state, (reason, messages[kind], generation), since[kind])
        for kind, state in states.items()
    )


@lru_cache(maxsize=1024)  # Tasks that go on in the same second have most conditions in common.
def _condition(
    kind: ConditionType, state: ConditionStatus, shown: tuple[Reason, str, int], since: datetime
) -> Condition:
    reason, message, generation = shown
    return Condition(
        type=kind,
        status=state,
        reason=reason,
        message=message,
        last_transition_time=to_the_second(since),
        observed_generation=generation,
    )


def conditions_of(
    log: TaskLog | RunLog, past: Past, *, succeeded: bool | None
) -> tuple[Condition, ...]:
    """
    Derive the four conditions of a run or task.

    `None` means that the outcome is not known yet.
    """
    states = _states(log, succeeded=succeeded)
    since = {
        kind: past.since(kind, state, log.finished, first=state is _IN_PROGRESS[kind])
        for kind, state in states.items()
    }
    return conditions(states, (log.reason, log.message, log.observed_generation), since)


def _states(log: TaskLog | RunLog, *, succeeded: bool | None) -> States:
    if log.finished is None:
        return _STUCK if log.reason in STUCK else _IN_PROGRESS
    return {
        ConditionType.SUCCEEDED: _AS_IT_ENDED[succeeded],
        ConditionType.READY: _AS_IT_ENDED[succeeded],
        ConditionType.RECONCILING: ConditionStatus.FALSE,
        ConditionType.STALLED: _AS_IT_ENDED[not succeeded],
    }


def succeeded_of(known: Iterable[Condition]) -> tuple[bool, Reason, str]:
    """Return whether the condition Succeeded is true, and why."""
    condition = condition_of(known, ConditionType.SUCCEEDED)
    if condition is None:
        return False, Reason.PENDING, ""
    succeeded = condition.status is ConditionStatus.TRUE
    return succeeded, Reason(condition.reason), condition.message


def condition_of(known: Iterable[Condition], kind: ConditionType) -> Condition | None:
    """Return the condition of a type, if there is one."""
    return next((condition for condition in known if condition.type == kind), None)


def _legible(written: Iterable[object]) -> Iterator[tuple[str, tuple[str, datetime]]]:
    """Yield the part of conditions that the next ones need: each write reads them."""
    for condition in written:
        if not isinstance(condition, dict):
            continue
        kind, status, since = map(condition.get, _TYPE_STATUS_SINCE)
        try:
            yield str(kind), (str(status), read_time(since))
        except (TypeError, ValueError):
            continue
