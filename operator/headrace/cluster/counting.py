"""
The runs that Backfills have yet to count.

Knows the marks on runs and the statuses of Backfills. Decides nothing: the workflow's history keeps
these runs, because nothing else proves their ends yet.
"""

from headrace.engine.backfill.plan import MOST
from headrace.engine.places import Places
from headrace.kube.store import Store
from headrace.manifests.backfill import backfill_of, place_of
from headrace.manifests.backfill_status import settled_of
from headrace.manifests.kube import OwnObject
from headrace.manifests.run_status import has_ended

ALL = Places.first(MOST)


class Counting:
    """What the Backfills have counted, each read once."""

    def __init__(self, backfills: Store[OwnObject]) -> None:
        """Read this cache, for one turn of a workflow."""
        self._backfills = backfills
        self._settled: dict[str, Places] = {}
        """By a Backfill's uid."""

    def waits(self, run: OwnObject) -> bool:
        """Return whether the Backfill of an ended run has yet to count its end."""
        uid, place = backfill_of(run.metadata), place_of(run.metadata)
        if uid is None or place is None:
            return False
        if uid not in self._settled:
            self._settled[uid] = self._read(uid)
        return place not in self._settled[uid]

    def _read(self, uid: str) -> Places:
        for item in self._backfills.by_index(uid):
            if item.metadata.deletion_timestamp is None and not has_ended(item.status):
                return settled_of(item.status)
        return ALL  # Nobody counts any more.
