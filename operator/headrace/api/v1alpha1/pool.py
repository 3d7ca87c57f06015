"""The Pool: slots that limit how many tasks run at the same time, across workflows."""

from typing import Annotated

from pydantic import Field

from headrace.api.checks.unique import Unique
from headrace.api.v1alpha1.base import (
    MAX_SLOTS,
    ApiType,
    Instant,
    LongText,
    ObjectName,
    TaskName,
)
from headrace.api.v1alpha1.conditions import Condition

MAX_LISTED = 50
"""How many holders, and how many waiting tasks, a status lists."""


class PoolSpec(ApiType):
    """How many slots there are."""

    slots: int = Field(ge=0, le=MAX_SLOTS)
    """slots is how many slots tasks may hold at the same time. With fewer slots than are held now,
    running tasks go on and nothing new starts. With 0, everything waits."""

    description: LongText = ""
    """description says what the slots stand for."""


class PoolHolder(ApiType):
    """A task that holds slots."""

    run: ObjectName
    """run is the name of the run."""

    task: TaskName
    """task is the name of the task."""

    slots: int = Field(ge=0)
    """slots is how many slots the task holds now."""

    since: Instant | None = None
    """since is when its attempt was created."""


class PoolClaim(ApiType):
    """A task that waits for slots."""

    run: ObjectName
    """run is the name of the run."""

    task: TaskName
    """task is the name of the task."""

    slots: int = Field(ge=0)
    """slots is how many slots the task needs."""

    priority: int = 0
    """priority is the priority of the run plus that of the task."""


class PoolStatus(ApiType):
    """Who holds slots, and who waits for some."""

    conditions: Annotated[tuple[Condition, ...], Unique("type", checked=False)] = Field(
        default=(), max_length=16
    )
    """conditions are Ready, Reconciling and Stalled."""

    observed_generation: int = Field(default=0, ge=0)
    """observedGeneration is the generation of the spec that the status describes."""

    used: int = Field(default=0, ge=0)
    """used is how many slots are held. It is larger than spec.slots after somebody lowered
    that."""

    waiting: int = Field(default=0, ge=0)
    """waiting is how many tasks wait for slots."""

    holders: tuple[PoolHolder, ...] = Field(default=(), max_length=MAX_LISTED)
    """holders are the first tasks that hold slots, the oldest first."""

    queue: tuple[PoolClaim, ...] = Field(default=(), max_length=MAX_LISTED)
    """queue lists the first tasks that wait for slots, the next one first."""
