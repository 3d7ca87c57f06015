"""
One turn of the loop, the same in a cluster, on a laptop and in a test.

A `World` is where runs live. It reads and writes; it decides nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from headrace.engine.run.decide import decide
from headrace.engine.run.observed import ObservedRun, RunKey, RunLog
from headrace.engine.task.actions import Action
from headrace.engine.task.observed import TaskLog


class World(Protocol):
    """Where runs live: a cluster, this machine, or a test."""

    async def observe(self, key: RunKey) -> ObservedRun | None:
        """Return all that is true of a run now, or None if it is gone."""

    async def log(self, key: RunKey, records: Mapping[str, TaskLog]) -> None:
        """Write tasks' logs. When this returns, they survive a crash."""

    async def apply(self, key: RunKey, actions: Sequence[Action]) -> None:
        """Carry out actions. Repeating one that took effect must change nothing."""

    async def record(self, key: RunKey, status: RunLog) -> None:
        """Show the user where the run stands."""


async def reconcile(key: RunKey, world: World, now: datetime) -> datetime | None:
    """
    Bring one run a step closer to its end; return when to look at it again.

    Call it at any time and as often as you like: all it knows, it has just observed.
    What is learned is written before anything is done about it, so that a crash in between
    repeats a question and never an attempt.
    """
    run = await world.observe(key)
    if run is None:
        return None
    decision = decide(run, now)
    if decision.records:
        await world.log(key, decision.records)
    if decision.actions:
        await world.apply(key, decision.actions)
    if decision.status is not None:
        await world.record(key, decision.status)
    return decision.look_again_at
