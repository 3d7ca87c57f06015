"""
One turn of a subject: observe, decide, apply, record, tidy.

Knows the order of the steps. Does not know what a subject is, or where it lives.
"""

from collections.abc import Hashable
from datetime import datetime
from typing import Protocol, TypeVar

K_contra = TypeVar("K_contra", bound=Hashable, contravariant=True)
K = TypeVar("K", bound=Hashable)
ObservedT = TypeVar("ObservedT")


class Decided(Protocol):
    """The decision on a subject: the result of one turn."""

    @property
    def look_again_at(self) -> datetime | None:
        """When to look again without an event; None: only after an event."""


DecisionT = TypeVar("DecisionT", bound=Decided)


class Subject(Protocol[K_contra, ObservedT, DecisionT]):
    """A kind of object with turns: runs, workflows, and later kinds."""

    async def observe(self, key: K_contra) -> ObservedT | None:
        """Return the observed state of one object, or None if it is gone."""

    def decide(self, observed: ObservedT, now: datetime) -> DecisionT:
        """Decide. Pure: the same observation and time give the same decision."""

    async def apply(self, key: K_contra, decision: DecisionT) -> None:
        """Carry the decision out. A repetition changes nothing."""

    async def record(self, key: K_contra, decision: DecisionT) -> None:
        """Write the status, for users."""

    async def tidy(self, key: K_contra, decision: DecisionT) -> None:
        """
        Delete objects that are no longer needed.

        Only now, after the record: the deleted object may be the only proof of a fact.
        """


async def turn(subject: Subject[K, ObservedT, DecisionT], key: K, now: datetime) -> datetime | None:
    """
    Bring one object a step closer to its desired state; return the time of the next look.

    Call it at any time and as often as you like: a turn knows only its own observation.
    """
    observed = await subject.observe(key)
    if observed is None:
        return None
    decision = subject.decide(observed, now)
    await subject.apply(key, decision)
    await subject.record(key, decision)
    await subject.tidy(key, decision)
    return decision.look_again_at
