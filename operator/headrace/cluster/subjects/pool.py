"""
The pools in a cluster: read from the caches, and written to the pool book.

Their statuses are written by `PoolStatuses`, in turns of their own. Decides nothing:
`engine.pool.allot` is the only one who gives slots.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from headrace.api.v1alpha1.reasons import Reason
from headrace.cluster.caches import Caches
from headrace.cluster.holders import Holders
from headrace.cluster.subjects.pool_status import PoolStatuses
from headrace.engine.pool.allot import allot
from headrace.engine.pool.observed import ObservedPool, PoolDecision, PoolKey, PoolLog
from headrace.loop.pool_book import PoolBook
from headrace.manifests.kube import OwnObject
from headrace.manifests.pool_status import read_pool_status, slots_of


class Pools:
    """The pools, as a subject of the loop."""

    def __init__(
        self, caches: Caches, book: PoolBook, statuses: PoolStatuses, clock: Callable[[], datetime]
    ) -> None:
        """Read and write through these; `clock` is the wall clock."""
        self._caches = caches
        self._book = book
        self._clock = clock
        self._holders = Holders(caches, clock)
        self._statuses = statuses
        self._logged: dict[PoolKey, datetime] = {}
        self._logs: dict[PoolKey, tuple[OwnObject, PoolLog]] = {}

    async def observe(self, key: PoolKey) -> ObservedPool | None:
        """Return the observed pool. One that is missing counts while somebody names it."""
        item = self._caches.pools.get(key.namespace, key.name)
        claims = self._book.waiting(key)
        if item is None and not claims:
            self._forget(key)
            return None
        pool = ObservedPool(
            key.name,
            None if item is None else slots_of(item.spec),
            tuple(self._holders.of(key)),
            claims,
            self._book.given(key),
            # At first, only some runs have written their claims: a status would forget the others.
            logged_at=self._logged.setdefault(key, self._clock()),
        )
        if item is None:
            return pool
        return replace(pool, generation=item.metadata.generation, log=self._log(key, item))

    def _log(self, key: PoolKey, item: OwnObject) -> PoolLog:
        """Return a pool's recorded status. Each version is read once."""
        known = self._logs.get(key)
        if known is None or known[0] is not item:
            known = self._logs[key] = item, read_pool_status(item.status)
        return known[1]

    def decide(self, observed: ObservedPool, now: datetime) -> PoolDecision:
        """Decide who gets slots, and the status."""
        return allot(observed, now)

    async def apply(self, key: PoolKey, decision: PoolDecision) -> None:
        """Write the answers into the book, which wakes the runs that were given something."""
        if decision.queue:
            self._caches.crowded.add(key)
        else:
            self._caches.crowded.discard(key)
        self._book.settle(key, decision)

    async def record(self, key: PoolKey, decision: PoolDecision) -> None:
        """Ask for the Pool's status, if there is one to write: nobody waits for that here."""
        if decision.status is not None:
            self._logged[key] = self._clock()
            self._statuses.show(key, decision.status)

    async def tidy(self, key: PoolKey, decision: PoolDecision) -> None:
        """Do nothing: a pool has no objects."""

    async def complain(self, key: PoolKey, reason: Reason, message: str) -> None:
        """Show in the status why a turn failed, if it can be written."""
        item = self._caches.pools.get(key.namespace, key.name)
        if item is None:
            return
        log = read_pool_status(item.status)
        shown = replace(log, ready=False, reason=reason, message=message)
        if shown != log:
            self._statuses.show(key, shown)

    def _forget(self, key: PoolKey) -> None:
        self._caches.crowded.discard(key)
        self._book.drop(key)
        self._logged.pop(key, None)
        self._logs.pop(key, None)
