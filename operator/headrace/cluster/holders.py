"""
The holders of a pool's slots: the attempts that run, counted from cached Jobs and pods.

A Job's labels name its pool, so what a deleted run has left behind counts too. Decides nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from headrace.api.v1alpha1 import labels
from headrace.cluster.caches import Caches
from headrace.cluster.carriers.job_sightings import JobSightings
from headrace.cluster.indexes import job_of
from headrace.engine.places import Places
from headrace.engine.pool.observed import Holder, PoolKey
from headrace.kube.objects import Meta
from headrace.manifests.indexed_job import is_indexed
from headrace.manifests.kube import Job, Pod


@dataclass(frozen=True, slots=True)
class _Seen:
    """A Job and its pods as they were, and whether its program could run."""

    job: Job
    pods: tuple[Pod, ...]
    alive: bool


class Holders:
    """Counts slots."""

    def __init__(self, caches: Caches, clock: Callable[[], datetime]) -> None:
        """Read these caches; `clock` replaces missing times."""
        self._caches = caches
        self._sightings = JobSightings(caches, clock)
        self._seen: dict[PoolKey, dict[str, _Seen]] = {}
        """By a Job's name: what the last count of a pool has seen."""

    def of(self, pool: PoolKey) -> Iterator[Holder]:
        """Yield the attempts that hold slots of a pool, in any order."""
        before, shown = self._seen.pop(pool, {}), set[str]()
        now = self._seen[pool] = {}
        for job in self._caches.jobs.by_index(pool):
            name = job.metadata.name
            shown.add(name)
            if is_indexed(job):
                programs = _items(job)
            else:
                now[name] = self._look_at(job, before.get(name))
                programs = int(now[name].alive)
            if programs:
                yield _holder(job.metadata.name, job.metadata, programs)
        left: dict[str, list[Meta]] = {}
        for pod in self._caches.pods.by_index(pool):
            if job_of(pod) not in shown:  # Its Job is gone, or has given up.
                left.setdefault(job_of(pod), []).append(pod.metadata)
        for name, metas in left.items():
            yield _holder(name, metas[0], len(metas))
        if not now:
            del self._seen[pool]

    def _look_at(self, job: Job, before: _Seen | None) -> _Seen:
        """Return whether a Job's program may run. Unchanged objects are read once."""
        pods = self._sightings.pods_of(job, gone=False)
        if before is not None and before.job is job and before.pods == pods:
            return before
        return _Seen(job, pods, self._sightings.alive(job, pods))


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
