"""
The runs that go on beside each other in one process: what they share, and in which order.

Knows slots, pools and the turns of a workflow's runs. Gives no run a turn, but wakes those that may
use one.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from typing import cast

from headrace.engine.definition.compile import Definition
from headrace.engine.pool.observed import PoolKey
from headrace.engine.room import Claim, Room
from headrace.engine.run.observed import RunKey, RunLog
from headrace.engine.siblings import SiblingRun, limit_of
from headrace.local.inventory import Inventory
from headrace.local.live_pools import LivePools, Tell
from headrace.local.neighbours import Neighbour
from headrace.local.records import RunRecord
from headrace.local.world import LocalWorld


class Crowd:
    """
    The open runs of a process, as neighbours of each other.

    Args:
        inventory: All runs of the workflows.
        clock: The wall clock.
        slots: How many programs may run at once.
        tell: Called with the new status of a pool; None: there are no pools.

    """

    def __init__(
        self,
        inventory: Inventory,
        clock: Callable[[], datetime],
        slots: int,
        tell: Tell | None = None,
    ) -> None:
        self.pools = tell is not None
        self.roots: dict[str, LocalWorld] = {}
        """The worlds of runs that nobody has called, by run."""
        self._inventory = inventory
        self._slots = slots
        self._pools = LivePools(self.worlds, clock, self._given, tell)
        self._short: dict[str, None] = {}
        """The runs that may have lacked a slot in their last turn, the longest wait first."""

    def beside(self, run: RunRecord, definition: Definition, log: RunLog) -> tuple[SiblingRun, ...]:
        """Return the other runs of a run's workflow that have not ended, if it waits for them."""
        if log.begun or limit_of(definition.concurrency) is None:
            return ()
        return self._inventory.beside(run.workflow)

    def programs(self, family: Collection[Neighbour]) -> int:
        """Return how many programs run outside of a run and those it called."""
        own = {id(world) for world in family}
        return sum(each.processes for each in self.worlds() if id(each) not in own)

    def room(self, key: RunKey, uid: str) -> Room | None:
        """Return what pools have said to a run; None: there are no pools."""
        return self._pools.room(key, uid) if self.pools else None

    def claim(self, key: RunKey, claims: Mapping[str, Claim]) -> None:
        """Replace what a run asks of pools."""
        self._pools.claim(key, claims)

    def limit(self, pools: Mapping[PoolKey, int]) -> None:
        """Replace all pools by these, with their slots."""
        self._pools.set(pools)
        self._pools.give()

    def look_at_pools(self) -> None:
        """Tell the statuses of pools that have changed."""
        self._pools.look()

    def worlds(self) -> Iterator[LocalWorld]:
        """Yield the worlds of all runs, also of called ones."""
        for root in self.roots.values():
            yield from cast("list[LocalWorld]", root.calls.worlds)

    def looked(self, run: str) -> None:
        """After a turn of a run, give free slots to the runs that lack some."""
        self._pools.give()
        free = self._slots - self.programs(())
        if free <= 0 and not self.roots[run].over:
            self._short.setdefault(run)
        else:
            self._short.pop(run, None)
        for waiting in tuple(self._short)[: max(0, free)]:
            del self._short[waiting]
            self.roots[waiting].calls.changed.set()

    def changed(self, workflow: str) -> None:
        """Wake the called runs of a workflow that may wait for their turn."""
        for world in self.worlds():
            if world.run.workflow == workflow and not world.status.begun:
                world.calls.changed.set()

    def close(self, run: str) -> None:
        """Forget a run and those that it has called. Programs that still run are not ended."""
        self._short.pop(run, None)
        root = self.roots.pop(run, None)
        for world in root.calls.worlds if root is not None else ():
            self._pools.forget(world.run.key)
        self._pools.give()

    def _given(self, key: RunKey) -> None:
        for world in self.worlds():
            if world.run.key == key:
                world.calls.changed.set()
