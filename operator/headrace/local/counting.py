"""
The runs that backfills of a served folder have yet to count.

Knows the marks on runs and the statuses of backfills. Decides nothing: the workflow's history keeps
these runs, because nothing else proves their ends yet.
"""

from typing import Final

from headrace.engine.backfill.plan import MOST
from headrace.engine.places import Places
from headrace.local.object_store import ObjectStore
from headrace.local.served_definitions import BACKFILL
from headrace.local.workflow_store import StoredRun
from headrace.manifests.backfill_status import settled_of
from headrace.manifests.run_status import has_ended

ALL: Final = Places.first(MOST)
"""Nobody counts any more."""


class Counting:
    """What the backfills have counted, read once."""

    def __init__(self, store: ObjectStore) -> None:
        """Read this store, for one turn of a workflow."""
        self._store = store
        self._settled: dict[str, Places] | None = None
        """By the uid of a backfill that goes on."""

    def waits(self, run: StoredRun) -> bool:
        """Return whether the backfill of an ended run has yet to count its end."""
        applied = run.origin.applied
        if run.log.finished is None or applied is None or applied.place is None:
            return False
        if self._settled is None:
            self._settled = {
                stored.uid: settled_of(stored.status)
                for stored in self._store.objects(BACKFILL)
                if not has_ended(stored.status)
            }
        return applied.place not in self._settled.get(applied.uid, ALL)
