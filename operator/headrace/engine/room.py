"""
Room in pools: what a run asks of pools, and what they have answered.

Values only: the words that runs and pools share. Knows no rule and no world.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple


class Rank(NamedTuple):
    """The order of attempts that wait for room: the smallest comes first."""

    priority: int
    """The priority of the run plus that of the task, negative: the highest comes first."""
    path: int
    """How many tasks the longest path from the task to an end has, negative: the longest first."""
    created: datetime
    """When the run was created."""
    position: int
    """The task's place in its definition."""


@dataclass(frozen=True, slots=True)
class Claim:
    """An attempt that may start as soon as its pool has room."""

    task: str
    number: int
    """The number of the attempt, from 1."""
    pool: str
    programs: int
    """How many programs of the attempt may run at the same time: one, or one for each item."""
    each: int
    """How many slots each of its programs needs."""
    rank: Rank

    @property
    def priority(self) -> int:
        """The priority of the run plus that of the task."""
        return -self.rank.priority


@dataclass(frozen=True, slots=True)
class Grant:
    """The slots that a pool has given to an attempt."""

    number: int
    """The number of the attempt."""
    programs: int
    """How many programs of the attempt may run at the same time."""


@dataclass(frozen=True, slots=True)
class PoolView:
    """A pool, as the tasks that wait for it see it."""

    slots: int | None
    """None: there is no such pool."""
    used: int = 0
    waiting: int = 0
    """How many claims wait."""
    holders: tuple[str, ...] = ()
    """All who hold slots, the oldest first: `etl-1/load`."""


NO_POOL = PoolView(None)
"""What tasks see that name a pool that does not exist."""


@dataclass(frozen=True, slots=True)
class Room:
    """What the last turns of pools have said about the claims of a run."""

    claims: Mapping[str, Claim] = field(default_factory=dict)
    """The claims of the run's last turn, by task."""
    granted: Mapping[str, Grant] = field(default_factory=dict)
    """The granted ones among them, by task."""
    places: Mapping[str, int] = field(default_factory=dict)
    """The places of the others in the queues of their pools, from 1, by task."""
    pools: Mapping[str, PoolView] = field(default_factory=dict)
    """The pools, by name. A pool that has not answered yet is missing."""

    def grant(self, task: str, number: int) -> Grant | None:
        """Return what an attempt was given; None: nothing yet."""
        grant = self.granted.get(task)
        return grant if grant is not None and grant.number == number else None


NO_ROOM = Room()
"""A run that has asked for nothing."""
