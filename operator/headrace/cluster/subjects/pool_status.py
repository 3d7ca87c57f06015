"""
The statuses of the pools in a cluster, each written in a turn of its own.

A pool gives a slot as soon as one is free. It would wait for the answer to a write, if its own turn
wrote. Decides nothing: a pool's turn says what its status is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from headrace.api.v1alpha1.reasons import Reason
from headrace.cluster.caches import Caches
from headrace.cluster.kinds import POOLS
from headrace.cluster.statuses import Status, StatusWriter
from headrace.engine.pool.observed import PoolKey, PoolLog, PoolStatusKey
from headrace.kube.client import Client
from headrace.manifests.conditions import Past
from headrace.manifests.pool_status import pool_status


@dataclass(frozen=True, slots=True)
class Shown:
    """What a status says from now on."""

    log: PoolLog
    look_again_at: None = None


class PoolStatuses:
    """The statuses of pools, as a subject of the loop."""

    def __init__(
        self,
        caches: Caches,
        client: Client,
        clock: Callable[[], datetime],
        ask: Callable[[PoolStatusKey], None],
    ) -> None:
        """
        Write through this client.

        Args:
            caches: Where the pools are.
            client: Writes.
            clock: The wall clock.
            ask: Asks for a turn.

        """
        self._caches = caches
        self._clock = clock
        self._ask = ask
        self._writer = StatusWriter(client)
        self._due: dict[PoolStatusKey, PoolLog] = {}

    def show(self, pool: PoolKey, log: PoolLog) -> None:
        """Ask for the write of a status, instead of one that was asked for before."""
        key = PoolStatusKey(pool.namespace, pool.name)
        self._due[key] = log
        self._ask(key)

    async def observe(self, key: PoolStatusKey) -> PoolLog | None:
        """Return the status to write; None: there is none, or its pool is gone."""
        if self._caches.pools.get(key.namespace, key.name) is None:
            self._due.pop(key, None)
        return self._due.get(key)

    def decide(self, observed: PoolLog, now: datetime) -> Shown:
        """Write it: the pool's turn has decided."""
        del now
        return Shown(observed)

    async def apply(self, key: PoolStatusKey, decision: Shown) -> None:
        """Do nothing: a status is all there is."""

    async def record(self, key: PoolStatusKey, decision: Shown) -> None:
        """Write the status. After an error, the next turn writes it, or a newer one."""
        item = self._caches.pools.get(key.namespace, key.name)
        if item is None:
            return
        now = self._clock()
        past = Past.of(item.status, item.metadata.creation_timestamp or now, now)
        await self._writer.write(
            item, Status(POOLS, self._caches.pools, pool_status(decision.log, past))
        )
        if self._due.get(key) is decision.log:
            del self._due[key]

    async def tidy(self, key: PoolStatusKey, decision: Shown) -> None:
        """Do nothing: a status has no objects."""

    async def complain(self, key: PoolStatusKey, reason: Reason, message: str) -> None:
        """Do nothing: the status is where it would be shown, and cannot be written."""
