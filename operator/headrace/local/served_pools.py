"""
The pools of a served folder on record: their slots, and who holds and who waits for some.

Knows the store. Gives no slot: `LivePools` does.
"""

import json
from collections.abc import Mapping
from typing import Final

from headrace.engine.pool.observed import PoolKey, PoolLog
from headrace.local.object_store import ObjectKey, StoredObject
from headrace.local.reading import PoolManifest, Reading, is_kept
from headrace.local.site import Site
from headrace.manifests.conditions import Past
from headrace.manifests.names import short_hash
from headrace.manifests.pool_status import pool_status

POOL: Final = "Pool"


class ServedPools:
    """The pools of a folder."""

    def __init__(self, site: Site) -> None:
        """Read and write the database of a site."""
        self._site = site
        self._store = site.store

    def take(self, reading: Reading) -> Mapping[PoolKey, int]:
        """
        Take over the pools of a reading; return the slots of all pools.

        One whose file has a mistake, or cannot be read, stays as it was.
        """
        known = {stored.key: stored for stored in self._store.objects(POOL)}
        for pool, manifest in reading.pools.items():
            self._put(_key(pool), manifest, known.get(_key(pool)))
        there = {_key(pool) for pool in reading.pools}
        for key, stored in known.items():
            if key not in there and not is_kept(reading, key, stored.file):
                self._store.forget_object(key)
        return {
            PoolKey(stored.key.namespace, stored.key.name): int(json.loads(stored.spec)["slots"])
            for stored in self._store.objects(POOL)
        }

    def tell(self, pool: PoolKey, log: PoolLog) -> None:
        """Write the status of a pool."""
        stored, now = self._store.object(_key(pool)), self._site.clock()
        if stored is not None:
            past = Past.of(stored.status, stored.created, now)
            self._store.write_object(stored.key, pool_status(log, past))

    def _put(self, key: ObjectKey, manifest: PoolManifest, before: StoredObject | None) -> None:
        spec, now = json.dumps({"slots": manifest.slots}), self._site.clock()
        if before is not None and (before.spec, before.file) == (spec, manifest.file):
            return
        uid = short_hash(str(self._site.folder.root), *key, now.isoformat())
        made = StoredObject(key, uid, now, 1, spec, manifest.file, {})
        if before is not None:
            made = StoredObject(
                *(key, before.uid, before.created, before.generation + (before.spec != spec)),
                *(spec, manifest.file, before.status),
            )
        self._store.put_object(made)


def _key(pool: PoolKey) -> ObjectKey:
    return ObjectKey(POOL, pool.namespace, pool.name)
