"""
Conditions: how an object stands, and since when each of them is so.

Knows the conditions on record. The time of each moves only when its status changes, and never back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from headrace.api.checks.instants import read_time
from headrace.api.v1alpha1.conditions import ConditionStatus, ConditionType
from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.text import rfc3339

States = Mapping[ConditionType, ConditionStatus]


@dataclass(frozen=True, slots=True)
class Past:
    """What an object's status said until now."""

    born: datetime
    """When the object was created."""
    now: datetime | None = None
    """When the next status is written; None: when it was created."""
    conditions: Mapping[str, tuple[str, datetime]] = field(default_factory=dict)
    """By type: the status of each condition on record, and since when it is that."""

    @classmethod
    def of(cls, status: Mapping[str, Any], born: datetime, now: datetime) -> "Past":
        """Read what is on record. What somebody garbled there counts as not there."""
        written = status.get("conditions")
        found = map(_read, written if isinstance(written, list) else ())
        return cls(born, now, {each[0]: each[1:] for each in found if each is not None})

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
        was, since = self.conditions.get(kind, (None, None))
        if since is None:
            return self.born if first else turned or self.now or self.born
        return since if was == state else max(since, turned or self.now or self.born)


def conditions(
    states: States, told: tuple[Reason, str, int], since: Mapping[ConditionType, datetime]
) -> list[dict[str, Any]]:
    """
    Return conditions of one reason and generation.

    The first one has the message: whoever reads all of them reads it once.
    """
    reason, message, generation = told
    messages = dict.fromkeys(states, "") | {next(iter(states)): message}
    return [
        {
            "type": kind.value,
            "status": state.value,
            "reason": reason.value,
            "message": messages[kind],
            "lastTransitionTime": rfc3339(since[kind]),
            "observedGeneration": generation,
        }
        for kind, state in states.items()
    ]


def _read(condition: object) -> tuple[str, str, datetime] | None:
    try:
        kind, state = condition["type"], condition["status"]  # type: ignore[index] # caught below
        since = read_time(condition["lastTransitionTime"])  # type: ignore[index] # caught below
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    return kind, state, since
