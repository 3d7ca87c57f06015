"""
Doubts about a Job that only the API server can settle.

A Job that is missing in a cache may be gone, or its event may be late. A mistake would run an
attempt twice, or lose its outputs. Knows when to ask; decides nothing about tasks.
"""

from dataclasses import replace

from headrace.api.v1alpha1.reasons import Reason
from headrace.cluster.belonging import attempt_name, place_of, task_run_key
from headrace.cluster.bounds import forget_oldest
from headrace.cluster.carriers.carrier import Draw
from headrace.cluster.carriers.reach import Reach
from headrace.cluster.words import Complaints
from headrace.engine.task.observed import ObservedTask, Stage
from headrace.kube.errors import ApiError, not_found
from headrace.kube.resources import JOBS, Ref
from headrace.manifests.kube import Job, OwnObject
from headrace.manifests.where import JOB
from headrace.manifests.work_spec import wait_until

KEPT = 20_000
"""How many deleted Jobs are remembered."""


class JobDoubts:
    """Settles doubts about Jobs."""

    def __init__(self, reach: Reach) -> None:
        """Start empty."""
        self._reach = reach
        self._words = Complaints(reach.client)
        self._surely_gone: dict[str, None] = {}  # Names of Jobs; the oldest first.

    async def settle(self, item: OwnObject, seen: ObservedTask, draw: Draw) -> ObservedTask:
        """Ask the API server if a missing object would have consequences. A wait has no Job."""
        if wait_until(item.spec) is not None or _of_another_kind(seen):
            return seen
        doubtful = self._doubtful(item, seen)
        if doubtful is not None:
            found = await self._job_exists(item, doubtful)
            return draw(item) if found else seen
        if _lost_its_pod(seen):
            await self._ask_for_job_of_lost_pod(item, seen)
            return draw(item)
        return await self._explained(item, seen)

    def _doubtful(self, item: OwnObject, seen: ObservedTask) -> str | None:
        """Return the name of a Job that should exist and is missing in the cache."""
        last, sighting = seen.log.last, seen.sighting
        if last is not None and last.open and (sighting is None or sighting.number < last.number):
            return last.where.unit_name or attempt_name(place_of(item), last.number)
        if sighting is None or sighting.stage is not Stage.GONE:
            return None
        jobs, uid = self._reach.caches.jobs, item.metadata.uid
        known = (*jobs.by_index(uid), *jobs.tombstones_by_index(uid))
        name = sighting.where.unit_name
        return None if name in {job.metadata.name for job in known} else name

    async def _ask_for_job_of_lost_pod(self, item: OwnObject, seen: ObservedTask) -> None:
        """Find out whether the Job was deleted first: its event may be the later one."""
        name = seen.sighting.where.unit_name if seen.sighting is not None else ""
        job = self._reach.caches.jobs.get(item.metadata.namespace, name)
        if job is not None and not await self._job_exists(item, job.metadata.name):
            self._reach.caches.jobs.remove(job.metadata)

    async def _job_exists(self, item: OwnObject, name: str) -> bool:
        if name in self._surely_gone:
            return False
        try:
            found = await self._reach.client.get(Ref(JOBS, item.metadata.namespace, name), Job)
        except ApiError as error:
            if not not_found(error):
                raise
            self._surely_gone[name] = None
            forget_oldest(self._surely_gone, KEPT)
            return False
        self._reach.caches.jobs.put(found)
        return True

    async def _explained(self, item: OwnObject, seen: ObservedTask) -> ObservedTask:
        """Add the words of Events on an attempt that does not start."""
        if seen.sighting is None:
            return seen
        answer = await self._words.explain(item.metadata.namespace, seen.sighting)
        if answer is None:
            return seen
        sighting, again = answer
        self._reach.later(task_run_key(item), again)
        return replace(seen, sighting=sighting)


def _of_another_kind(seen: ObservedTask) -> bool:
    """Return whether the newest attempt is something else than a Job."""
    places = [each.where.unit for each in (seen.sighting, seen.log.last) if each is not None]
    return any(unit is not None and unit.kind != JOB for unit in places)


def _lost_its_pod(seen: ObservedTask) -> bool:
    """Return whether an open attempt ended because its pod was deleted."""
    last, sighting = seen.log.last, seen.sighting
    if sighting is None or sighting.ending is None:
        return False
    closed = last is not None and not last.open and last.number >= sighting.number
    return sighting.ending.reason is Reason.POD_DELETED and not closed
