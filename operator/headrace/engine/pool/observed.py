"""
One observed pool: its slots, who holds some, and who waits for some.

Values only. Knows no rule, no Job and no process.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from headrace.api.v1alpha1.pool import PoolClaim, PoolHolder
from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.room import NO_POOL, Claim, Grant, PoolView


@dataclass(frozen=True, slots=True)
class PoolKey:
    """The key of a pool."""

    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class PoolStatusKey:
    """The key of a pool's status, which is written beside the turns of the pool."""

    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Holder:
    """An attempt that runs in the world, and the slots that it holds."""

    attempt: str
    """The id of the attempt, unique in the world."""
    run: str
    task: str
    slots: int
    since: datetime | None = None
    """When the attempt was created."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The claim of an attempt."""

    attempt: str
    """The id of the attempt, unique in the world."""
    run: str
    claim: Claim


@dataclass(frozen=True, slots=True)
class PoolLog:
    """The recorded status of a pool. No decision about slots uses it."""

    ready: bool = True
    reason: Reason = Reason.READY
    message: str = ""
    used: int = 0
    waiting: int = 0
    holders: tuple[PoolHolder, ...] = ()
    """The first ones, the oldest first."""
    queue: tuple[PoolClaim, ...] = ()
    """The first ones, the next one first."""
    observed_generation: int = 0


@dataclass(frozen=True, slots=True)
class ObservedPool:
    """The state of a pool at one moment."""

    name: str
    slots: int | None
    """None: there is no such pool."""
    holders: tuple[Holder, ...] = ()
    """The attempts that run, as the world shows them now."""
    claims: tuple[Waiting, ...] = ()
    """All claims of all runs, in any order; also those of attempts that were given their slots and
    are not in the world yet."""
    given: Mapping[str, Grant] = field(default_factory=dict)
    """What earlier turns have given to attempts with a claim, by the id of the attempt."""
    generation: int = 0
    log: PoolLog = PoolLog()
    logged_at: datetime | None = None
    """When this process wrote the status, or saw the pool for the first time. None: never."""


@dataclass(frozen=True, slots=True)
class PoolDecision:
    """The slots to give, what waiting tasks see, the status, and the time of the next look."""

    given: Mapping[str, Grant] = field(default_factory=dict)
    """What attempts with a claim have, by the id of the attempt: before this turn, or since."""
    queue: tuple[Waiting, ...] = ()
    """Who waits, the next one first."""
    view: PoolView = NO_POOL
    status: PoolLog | None = None
    """The status, if this turn writes it."""
    look_again_at: datetime | None = None
