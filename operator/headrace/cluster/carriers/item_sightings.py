"""
The sightings of attempts over items, from cached Jobs and pods.

Knows which Jobs of a TaskRun are Indexed. Asks nobody.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from headrace.cluster.belonging import attempt_of, place_of
from headrace.cluster.bounds import forget_oldest
from headrace.cluster.caches import Caches
from headrace.cluster.carriers.item_pods import ItemPods
from headrace.engine.task.observed import Sighting
from headrace.manifests.indexed_job import is_indexed, is_unprepared
from headrace.manifests.items_sighting import ItemFacts, sight_items
from headrace.manifests.kube import Job, OwnObject
from headrace.manifests.task_status import has_outcome

KEPT: Final = 100
"""How many Jobs are followed at a time. The pods of others are all read again at each change."""


class ItemSightings:
    """Shows the attempts that run as Indexed Jobs."""

    def __init__(self, caches: Caches, clock: Callable[[], datetime]) -> None:
        """Read these caches; `clock` replaces missing times."""
        self._caches = caches
        self._clock = clock
        self._pods: dict[str, ItemPods] = {}  # By the Job's uid; the oldest first.

    def of(self, item: OwnObject, logged: int) -> Iterator[Sighting]:
        """
        Show the attempts of a TaskRun with a known Job.

        A Job that is not prepared counts as not created: its start is repeated.
        """
        place, now = place_of(item), self._clock()
        for job, gone in self.jobs(item):
            known = attempt_of(job, place, logged)
            if known is None or (is_unprepared(job) and not has_outcome(item.status)):
                continue
            yield sight_items(known, self.facts(job, gone=gone), gone=gone, now=now)

    def jobs(self, item: OwnObject) -> Iterator[tuple[Job, bool]]:
        """Yield the Indexed Jobs of a TaskRun, and whether each was deleted."""
        jobs, uid = self._caches.jobs, item.metadata.uid
        yield from ((job, False) for job in jobs.by_index(uid) if is_indexed(job))
        yield from ((job, True) for job in jobs.tombstones_by_index(uid) if is_indexed(job))

    def facts(self, job: Job, *, gone: bool) -> ItemFacts:
        """Return what the pods of a Job show of its items."""
        pods, uid = self._caches.pods, job.metadata.uid
        known = self._pods.pop(uid, None) or ItemPods()
        self._pods[uid] = known
        forget_oldest(self._pods, KEPT)
        live, dead = pods.by_index(uid), pods.tombstones_by_index(uid)
        return known.facts(job, live, dead, gone=gone, now=self._clock())
