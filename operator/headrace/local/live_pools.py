"""
The pools of a served folder: slots that programs of all runs of this process share.

Counts the programs that really run, each time anew. The engine gives the slots.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from headrace.engine.definition.compile import Definition
from headrace.engine.pool.allot import allot
from headrace.engine.pool.observed import Holder, ObservedPool, PoolKey, PoolLog
from headrace.engine.room import Claim, Room
from headrace.engine.run.observed import RunKey
from headrace.local.attempt import LiveAttempt
from headrace.local.items import FanOutAttempt
from headrace.local.world import LocalWorld
from headrace.loop.pool_book import PoolBook
from headrace.manifests.names import job_name

Tell = Callable[[PoolKey, PoolLog], None]
"""Hears the new status of a pool."""


class LivePools:
    """
    The pools.

    Args:
        worlds: Yields the worlds of all runs of this process, also of called ones.
        clock: The wall clock.
        wake: Called with each run that was given slots.
        tell: Called with the new status of a pool; None: nobody asks.

    """

    def __init__(
        self,
        worlds: Callable[[], Iterator[LocalWorld]],
        clock: Callable[[], datetime],
        wake: Callable[[RunKey], None],
        tell: Tell | None = None,
    ) -> None:
        self._worlds = worlds
        self._clock = clock
        self._book = PoolBook(_attempt, self._asked, wake)
        self._slots: Mapping[PoolKey, int] = {}
        self._named = set[PoolKey]()
        """The pools that some run has asked for slots."""
        self._tell = tell
        self._logs: dict[PoolKey, tuple[PoolLog, datetime | None]] = {}
        """What was told of each pool, and when."""

    def set(self, slots: Mapping[PoolKey, int]) -> None:
        """Replace all pools."""
        self._slots = slots
        self._logs = {pool: self._logs.get(pool, (PoolLog(), None)) for pool in slots}

    def look(self) -> None:
        """Tell the statuses that have changed, of each pool once a second at most."""
        now = self._clock()
        for pool, (log, at) in tuple(self._logs.items()):
            status = allot(replace(self._observed(pool), log=log, logged_at=at), now).status
            if status is not None:
                self._logs[pool] = status, now
                if self._tell is not None:
                    self._tell(pool, status)

    def room(self, key: RunKey, uid: str) -> Room:
        """Return what pools have said to a run."""
        return self._book.room(key, uid)

    def claim(self, key: RunKey, claims: Mapping[str, Claim]) -> None:
        """Replace what a run asks of pools. Call `give` after the turn of the run."""
        self._book.claim(key, claims)

    def forget(self, key: RunKey) -> None:
        """Forget a run, and what it has asked for."""
        self._book.forget(key)

    def give(self) -> None:
        """Give the free slots of all pools to those who wait."""
        for pool in tuple(self._named):
            observed = self._observed(pool)
            if observed.claims:
                self._book.settle(pool, allot(observed, self._clock()))
            else:
                self._named.discard(pool)
                self._book.drop(pool)

    def _observed(self, pool: PoolKey) -> ObservedPool:
        return ObservedPool(
            pool.name,
            self._slots.get(pool),
            tuple(self._holders(pool)),
            self._book.waiting(pool),
            self._book.given(pool),
        )

    def _asked(self, pool: PoolKey) -> None:
        self._named.add(pool)

    def _holders(self, pool: PoolKey) -> Iterator[Holder]:
        """Yield the attempts that hold slots of a pool."""
        for world in self._worlds():
            if world.run.key.namespace == pool.namespace:
                yield from _held(world, world.definition, pool.name)


def _held(world: LocalWorld, definition: Definition, pool: str) -> Iterator[Holder]:
    run = world.run
    for (name, number), attempt in world.attempts.items():
        task = definition.tasks[name]
        if task.pool != pool or not attempt.alive:
            continue
        programs = attempt.width if isinstance(attempt, FanOutAttempt) else 1
        if isinstance(attempt, FanOutAttempt | LiveAttempt):
            yield Holder(
                _attempt(run.key, run.uid, name, number),
                *(run.key.name, name, programs * task.pool_slots, attempt.record.created),
            )


def _attempt(key: RunKey, uid: str, task: str, number: int) -> str:
    """Return the id of an attempt: the name that its Job would have."""
    return job_name(key.name, uid, task, number)
