"""
One turn of anything that is kept true: observe, decide, apply, record, tidy.

Knows the order of the steps. Does not know what a subject is, or where it lives.
"""

from collections.abc import Hashable
from datetime import datetime
from typing import Protocol, TypeVar

K_contra = TypeVar("K_contra", bound=Hashable, contravariant=True)
K = TypeVar("K", bound=Hashable)
ObservedT = TypeVar("ObservedT")


class Decided(Protocol):
    """What a subject needs now."""

    @property
    def look_again_at(self) -> datetime | None:
        """When to look again if nothing happens before; None: not before something happens."""


DecisionT = TypeVar("DecisionT", bound=Decided)


class Subject(Protocol[K_contra, ObservedT, DecisionT]):
    """A kind of thing that turns keep true: runs, workflows, and whatever comes."""

    async def observe(self, key: K_contra) -> ObservedT | None:
        """Return all that is true of one now, or None if it is gone."""

    def decide(self, observed: ObservedT, now: datetime) -> DecisionT:
        """Decide what it needs. Pure: the same observation and time give the same decision."""

    async def apply(self, key: K_contra, decision: DecisionT) -> None:
        """Carry the decision out. Repeating what took effect changes nothing."""

    async def record(self, key: K_contra, decision: DecisionT) -> None:
        """Show the user where it stands."""

    async def tidy(self, key: K_contra, decision: DecisionT) -> None:
        """
        Delete what is not needed any more.

        Only now: what goes may be all that proves a fact, and the record must prove it before.
        """


async def turn(subject: Subject[K, ObservedT, DecisionT], key: K, now: datetime) -> datetime | None:
    """
    Bring one subject a step closer to what it should be; return when to look at it again.

    Call it at any time and as often as you like: all it knows, it has just observed.
    """
    observed = await subject.observe(key)
    if observed is None:
        return None
    decision = subject.decide(observed, now)
    await subject.apply(key, decision)
    await subject.record(key, decision)
    await subject.tidy(key, decision)
    return decision.look_again_at
