"""
The sightings of a TaskRun's attempts, from cached Jobs and pods.

Knows which Jobs and pods belong to a TaskRun, also when they are gone. Asks nobody.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime

import msgspec

from headrace.cluster.belonging import Place, attempt_of, owner_uid, place_of
from headrace.cluster.caches import Caches
from headrace.cluster.indexes import job_of
from headrace.engine.task.observed import Sighting
from headrace.manifests.indexed_job import is_indexed
from headrace.manifests.item_pods import index_of
from headrace.manifests.kube import Job, OwnObject, Pod, holds
from headrace.manifests.pods import active, succeeded
from headrace.manifests.sighting import sight


class JobSightings:
    """Shows the attempts that run as Jobs."""

    def __init__(self, caches: Caches, clock: Callable[[], datetime]) -> None:
        """Read these caches; `clock` replaces missing times."""
        self._caches = caches
        self._clock = clock

    def of(self, item: OwnObject, logged: int) -> Iterator[Sighting]:
        """Show the attempts of a TaskRun with a known Job or pod."""
        caches, now = self._caches, self._clock()
        uid, place = item.metadata.uid, place_of(item)
        shown: set[str] = set()
        for gone, jobs in (
            (False, caches.jobs.by_index(uid)),
            (True, caches.jobs.tombstones_by_index(uid)),
        ):
            for job in jobs:
                known = attempt_of(job, place, logged)
                if known is None:
                    continue
                shown.add(job.metadata.uid)  # Its pods are no orphans.
                if not is_indexed(job):
                    yield sight(known, self.pods_of(job, gone=gone), gone=gone, now=now)
        for pods in self._orphans(place, shown).values():
            known = attempt_of(_last_job(pods[0]), place, logged)
            if known is not None:
                yield sight(known, pods, gone=True, now=now)

    def alive(self, job: Job, pods: Sequence[Pod]) -> bool:
        """Return whether a program of a Job that exists, with its pods, may still run, or start."""
        try:
            return sight(job, pods, gone=False, now=self._clock()).alive
        except ValueError:  # Somebody has changed its labels.
            return True

    def pods_of(self, job: Job, *, gone: bool) -> tuple[Pod, ...]:
        """
        Return a Job's pods, and the deleted ones with a result that counts.

        Between two turns, a pod may end and be deleted. Such a Job goes on and may create another
        pod, unless the pod succeeded.
        """
        pods, uid = self._caches.pods, job.metadata.uid
        over = gone or holds(job.status.conditions, "Failed") is not None
        dead = (
            pod
            for pod in pods.tombstones_by_index(uid)
            if succeeded(pod) or (over and not active(pod))
        )
        return (*pods.by_index(uid), *dead)

    def _orphans(self, place: Place, shown: Collection[str]) -> dict[str, tuple[Pod, ...]]:
        """Return the pods without a Job, by the name of the Job."""
        found: dict[str, tuple[Pod, ...]] = {}
        for pod in self._caches.pods.by_index((place.key, place.task)):
            if owner_uid(pod.metadata) not in shown and index_of(pod) is None:
                found[job_of(pod)] = (*found.get(job_of(pod), ()), pod)
        return found


def _last_job(pod: Pod) -> Job:
    """Return the facts about a Job that its pod still shows."""
    meta, uid = pod.metadata, owner_uid(pod.metadata)
    return Job(msgspec.structs.replace(meta, name=job_of(pod), uid=uid, deletion_timestamp=None))
