"""
Runs as a subject of the loop, the same in a cluster, on a laptop and in a test.

A `World` is the place where runs live. It reads and writes, and decides nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from headrace.engine.room import Claim
from headrace.engine.run.decide import Decision, decide
from headrace.engine.run.observed import ObservedRun, RunKey, RunLog
from headrace.engine.task.actions import Action
from headrace.engine.task.observed import TaskLog
from headrace.loop.subject import turn


class World(Protocol):
    """Where runs live: a cluster, this machine, or a test."""

    async def observe(self, key: RunKey) -> ObservedRun | None:
        """Return all that is true of a run now, or None if it is gone."""

    def claim(self, key: RunKey, claims: Mapping[str, Claim]) -> None:
        """Replace what a run asks of pools, by task."""

    async def log(self, key: RunKey, records: Mapping[str, TaskLog]) -> None:
        """Write tasks' logs. When this returns, they survive a crash."""

    async def apply(self, key: RunKey, actions: Sequence[Action]) -> None:
        """Carry out actions. Repeating one that took effect must change nothing."""

    async def record(self, key: RunKey, status: RunLog) -> None:
        """Show the user where the run stands."""


class Runs:
    """The runs of a world, as a subject of the loop."""

    def __init__(
        self, world: World, given_more: Callable[[RunKey], bool] = lambda _: False
    ) -> None:
        """
        Read and write through a world.

        Args:
            world: Where they live.
            given_more: Whether a run was given a slot that its turn has not seen yet.

        """
        self._world = world
        self._given_more = given_more

    async def observe(self, key: RunKey) -> ObservedRun | None:
        """Return all that is true of a run now, or None if it is gone."""
        return await self._world.observe(key)

    def decide(self, observed: ObservedRun, now: datetime) -> Decision:
        """Decide what a run needs."""
        return decide(observed, now)

    async def apply(self, key: RunKey, decision: Decision) -> None:
        """
        Write the new logs of tasks, and the ends that starts rely on; then carry out the actions.

        In this order, a crash in between repeats a decision and never an attempt. The claims come
        first: until the run's next turn, nobody else gets what its attempts were given. A log that
        meets a newer object ends the turn, so that no start relies on what is no longer so.
        """
        self._world.claim(key, decision.claims)
        if decision.records:
            await self._world.log(key, decision.records)
        if decision.status is not None and decision.status_first:
            await self._world.record(key, decision.status)
        if decision.actions:
            await self._world.apply(key, decision.actions)

    async def record(self, key: RunKey, decision: Decision) -> None:
        """
        Write the run's status, if it has changed and is not written yet.

        A slot is idle until this turn has ended, so counts wait for the next turn, for some time.
        """
        if decision.status_waits and self._given_more(key):
            return
        if decision.status is not None and not decision.status_first:
            await self._world.record(key, decision.status)

    async def tidy(self, key: RunKey, decision: Decision) -> None:
        """Do nothing: a run's actions already delete its Jobs, long after its end."""


async def reconcile(key: RunKey, world: World, now: datetime) -> datetime | None:
    """Give one run of a world a turn; return the time of the next look."""
    return await turn(Runs(world), key, now)
