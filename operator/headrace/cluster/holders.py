"""
The holders of a pool's slots: the attempts that run, counted from cached Jobs and pods.

A Job's labels name its pool, so what a deleted run has left behind counts too. Decides nothing.
"""

from collections.abc import Callable, Iterator
from datetime import datetime

from headrace.api.v1alpha1 import labels
from headrace.cluster.caches import Caches
from headrace.cluster.carriers.job_sightings import JobSightings
from headrace.cluster.indexes import job_of
from headrace.engine.places import Places
from headrace.engine.pool.observed import Holder, PoolKey
from headrace.kube.objects import Meta
from headrace.manifests.indexed_job import is_indexed
from headrace.manifests.kube import Job


class Holders:
    """Counts slots."""

    def __init__(self, caches: Caches, clock: Callable[[], datetime]) -> None:
        """Read these caches; `clock` replaces missing times."""
        self._caches = caches
        self._sightings = JobSightings(caches, clock)

    def of(self, pool: PoolKey) -> Iterator[Holder]:
        """Yield the attempts that hold slots of a pool, in any order."""
        shown: set[str] = set()
        for job in self._caches.jobs.by_index(pool):
            shown.add(job.metadata.name)
            programs = _items(job) if is_indexed(job) else int(self._sightings.alive(job))
            if programs:
                yield _holder(job.metadata.name, job.metadata, programs)
        left: dict[str, list[Meta]] = {}
        for pod in self._caches.pods.by_index(pool):
            if job_of(pod) not in shown:  # Its Job is gone, or has given up.
                left.setdefault(job_of(pod), []).append(pod.metadata)
        for name, metas in left.items():
            yield _holder(name, metas[0], len(metas))


def _items(job: Job) -> int:
    """Return how many items of a Job may run at the same time: at least one until it has ended."""
    total = job.spec.completions
    ended = Places.read_legible(job.status.completed_indexes, total) | Places.read_legible(
        job.status.failed_indexes, total
    )
    return max(1, min(job.spec.parallelism, total - len(ended)))


def _holder(attempt: str, meta: Meta, programs: int) -> Holder:
    run, task = meta.labels.get(labels.RUN, ""), meta.labels.get(labels.TASK, "")
    each = meta.annotations.get(labels.POOL_SLOTS, "")
    slots = programs * (int(each) if each.isdecimal() else 1)
    return Holder(attempt, run, task, slots, meta.creation_timestamp)
