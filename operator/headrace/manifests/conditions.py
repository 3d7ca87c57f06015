"""
Conditions: how an object stands, and since when each of them is so.

Knows the conditions on record. The time of each moves only when its status changes, and never back.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from headrace.api.checks.instants import to_the_second
from headrace.api.v1alpha1.conditions import Condition, ConditionStatus, ConditionType
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import RunStatus
from headrace.engine.run.observed import RunLog
from headrace.engine.task.observed import TaskLog
from headrace.manifests.json_form import name_of, read

States = Mapping[ConditionType, ConditionStatus]

_CONDITIONS = name_of(RunStatus, "conditions")  # of all kinds

STUCK = frozenset({Reason.FORBIDDEN, Reason.INTERNAL_ERROR})
"""What goes on by itself only after somebody has changed something."""

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
    """What an object's status said until now."""

    born: datetime
    """When the object was created."""
    now: datetime | None = None
    """When the next status is written; None: when it was created."""
    conditions: Mapping[str, Condition] = field(default_factory=dict)
    """The conditions on record, by type."""

    @classmethod
    def of(cls, status: Mapping[str, Any], born: datetime, now: datetime) -> "Past":
        """Read what is on record. What somebody garbled there counts as not there."""
        written = status.get(_CONDITIONS)
        known = _readable(written if isinstance(written, list) else ())
        return cls(born, now, {condition.type: condition for condition in known})

    def since(
        self, kind: ConditionType, state: ConditionStatus, turned: datetime | None, *, first: bool
    ) -> datetime:
        """
        Return since when a condition is so.

        Args:
            kind: Its type.
            state: Its status.
            turned: When it became that, if it is another one than on record; None: now.
            first: Whether it is what a new object begins with: then it is so from its creation on.

        """
        turn = turned or self.now or self.born
        known = self.conditions.get(kind)
        if known is None:
            return self.born if first else turn
        since = known.last_transition_time
        return since if known.status is state else max(since, turn)


def conditions(
    states: States, shown: tuple[Reason, str, int], since: Mapping[ConditionType, datetime]
) -> tuple[Condition, ...]:
    """
    Return conditions of one reason and generation.

    The first one has the message: whoever reads all of them reads it once.
    """
    reason, message, generation = shown
    messages = dict.fromkeys(states, "") | {next(iter(states)): message}
    return tuple(
        Condition(
            type=kind,
            status=state,
            reason=reason,
            message=messages[kind],
            last_transition_time=to_the_second(since[kind]),
            observed_generation=generation,
        )
        for kind, state in states.items()
    )


def conditions_of(
    log: TaskLog | RunLog, past: Past, *, succeeded: bool | None
) -> tuple[Condition, ...]:
    """Derive the four conditions of a run or task; None: whether it succeeded is not known yet."""
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


def _readable(written: Iterable[object]) -> Iterator[Condition]:
    for condition in written:
        try:
            yield read(Condition, condition)
        except ValueError:
            continue
