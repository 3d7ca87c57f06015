"""
All that is true of a run now, put together from what is cached.

Gathers and translates; decides nothing. A question that a cache cannot answer for sure
("is this Job really gone?") is asked of the API server.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

import msgspec

from headrace.api.v1alpha1.reasons import Reason
from headrace.cluster.belonging import (
    Place,
    attempt_name,
    attempt_of,
    elder,
    owner_uid,
    place_of,
    task_run_key,
)
from headrace.cluster.bounds import forget_oldest
from headrace.cluster.caches import Caches, job_of
from headrace.cluster.kinds import TASK_RUNS
from headrace.cluster.words import Complaints
from headrace.engine.outcome import Outcome
from headrace.engine.run.observed import RunKey, RunKind
from headrace.engine.task.observed import ObservedTask, Sighting, Stage, TaskLog
from headrace.kube.client import Client
from headrace.kube.errors import ApiError, not_found
from headrace.kube.resources import JOBS, Ref
from headrace.manifests.kube import Job, OwnObject, Pod, holds
from headrace.manifests.names import task_run_names
from headrace.manifests.pods import active, succeeded
from headrace.manifests.sighting import sight
from headrace.manifests.status import read_task_status

KEPT = 20_000
"""Of how many Jobs it is remembered that they are gone."""


class TaskPictures:
    """How each TaskRun stands, worked out anew only when something of it changed."""

    def __init__(self, caches: Callable[[], Caches], clock: Callable[[], datetime]) -> None:
        """Read the caches that `caches` returns; `clock` stands in for times nobody tells."""
        self._caches = caches
        self._clock = clock
        self._pictures: dict[str, tuple[str, ObservedTask]] = {}  # With the TaskRun's version.

    def outdated(self, task_run_uid: str) -> None:
        """Note that something of a TaskRun changed."""
        self._pictures.pop(task_run_uid, None)

    def of(self, item: OwnObject) -> ObservedTask:
        """Return how a TaskRun stands."""
        uid, version = item.metadata.uid, item.metadata.resource_version
        known = self._pictures.get(uid)
        if known is None or known[0] != version:
            known = self._pictures[uid] = version, self._draw(item)
        return known[1]

    def _draw(self, item: OwnObject) -> ObservedTask:
        log, readable = task_log(item)
        sightings = sorted(self._sightings(item, log.count), key=_age)
        newest = sightings[-1] if sightings else None
        there = any(seen.stage is not Stage.GONE for seen in sightings)
        return ObservedTask(
            log=log if readable or there else _LOST,
            sighting=newest,
            lingering=frozenset(seen.number for seen in sightings[:-1] if seen.alive),
            generation=item.metadata.generation,
        )

    def _sightings(self, item: OwnObject, count: int) -> Iterator[Sighting]:
        caches, now = self._caches(), self._clock()
        uid, place = item.metadata.uid, place_of(item)
        shown: set[str] = set()
        for gone, jobs in (
            (False, caches.jobs.by_index(uid)),
            (True, caches.jobs.tombstones_by_index(uid)),
        ):
            for job in jobs:
                pods = self._pods_of(job, gone=gone)
                known = attempt_of(job, place, count)
                if known is not None:
                    shown.add(job.metadata.uid)
                    yield sight(known, pods, gone=gone, now=now)
        for pods in self._orphans(place, shown).values():
            known = attempt_of(_last_job(pods[0]), place, count)
            if known is not None:
                yield sight(known, pods, gone=True, now=now)

    def _pods_of(self, job: Job, *, gone: bool) -> tuple[Pod, ...]:
        """
        Return a Job's pods, and of those that are gone the ones whose last words count.

        Between two turns a pod may end and be deleted. That is no end of a Job that goes on and may
        make another pod, unless the pod succeeded.
        """
        pods, uid = self._caches().pods, job.metadata.uid
        over = gone or holds(job.status.conditions, "Failed") is not None
        dead = (
            pod
            for pod in pods.tombstones_by_index(uid)
            if succeeded(pod) or (over and not active(pod))
        )
        return (*pods.by_index(uid), *dead)

    def _orphans(self, place: Place, shown: Collection[str]) -> dict[str, tuple[Pod, ...]]:
        """Return the pods, by Job, whose Jobs went while nobody looked, or without their pods."""
        found: dict[str, tuple[Pod, ...]] = {}
        for pod in self._caches().pods.by_index((place.key, place.task)):
            if owner_uid(pod.metadata) not in shown:
                found[job_of(pod)] = (*found.get(job_of(pod), ()), pod)
        return found


def _age(seen: Sighting) -> tuple[int, bool]:
    """Return the order of sightings. Of one attempt, what is there comes after what is gone."""
    return seen.number, seen.stage is not Stage.GONE


def _lost_its_pod(seen: ObservedTask) -> bool:
    """Tell whether an attempt that is not closed yet ended because its pod was deleted."""
    last, sighting = seen.log.last, seen.sighting
    if sighting is None or sighting.ending is None:
        return False
    closed = last is not None and not last.open and last.number >= sighting.number
    return sighting.ending.reason is Reason.POD_DELETED and not closed


_LOST = TaskLog(
    outcome=Outcome.FAILED,
    reason=Reason.TASK_RUN_DELETED,
    message="somebody overwrote the status, and no Job is left to read it from;"
    " start a new run to repeat the task",
)
"""Of a task of which nobody knows whether it ran: it is never run again in silence."""


def task_log(item: OwnObject) -> tuple[TaskLog, bool]:
    """Return what a TaskRun's status says, and whether it can be read: an empty log if not."""
    try:
        return read_task_status(item.status), True
    except (AttributeError, KeyError, TypeError, ValueError):
        return TaskLog(), False


def _last_job(pod: Pod) -> Job:
    """Return what a pod still tells of its Job."""
    meta, uid = pod.metadata, owner_uid(pod.metadata)
    return Job(msgspec.structs.replace(meta, name=job_of(pod), uid=uid, deletion_timestamp=None))


def _nobody(_key: RunKey, _items: Mapping[str, OwnObject]) -> None:
    pass


class Gatherer:
    """Puts together what is true of a run's tasks."""

    def __init__(
        self,
        caches: Caches,
        client: Client,
        pictures: TaskPictures,
        later: Callable[[RunKey, float], None],
        seen: Callable[[RunKey, Mapping[str, OwnObject]], None] = _nobody,
    ) -> None:
        """
        Read these caches; ask the client where they cannot be sure.

        Args:
            caches: What is known.
            client: For questions of which a wrong answer would do harm.
            pictures: How each TaskRun stands.
            later: Told to look at a run again in so many seconds.
            seen: Told which TaskRuns an answer about a run is made of, by task.

        """
        self._caches = caches
        self._client = client
        self._pictures = pictures
        self._later = later
        self._seen = seen
        self._words = Complaints(client)
        self._surely_gone: dict[str, None] = {}  # Names of Jobs; the oldest first.

    async def tasks(self, key: RunKey, uid: str) -> dict[str, ObservedTask]:
        """Return the tasks of a run that have a TaskRun, by name."""
        items: dict[str, OwnObject] = {}
        for item in self._caches.task_runs.by_index(key):
            if owner_uid(item.metadata) == uid:
                task = item.spec["task"]
                items[task] = self._elder(items[task], item) if task in items else item
        for task, item in tuple(items.items()):
            if item.metadata.deletion_timestamp is not None:
                del items[task]
        # All at one moment: what changes while questions are asked, another turn will look at.
        found = {name: self._pictures.of(item) for name, item in items.items()}
        self._seen(key, items)
        return {name: await self._sure(items[name], seen) for name, seen in found.items()}

    def _elder(self, one: OwnObject, other: OwnObject) -> OwnObject:
        """Return which of two TaskRuns of one task counts; the other gets a turn, to be told so."""
        first, second = (one, other) if elder(one, other) is one else (other, one)
        if "outcome" not in second.status:
            self._later(RunKey(*second.metadata.key, RunKind.TASK_RUN), 0.0)
        return first

    async def alone(self, key: RunKey, item: OwnObject) -> ObservedTask:
        """Return how a TaskRun stands that is a run itself, or claims a place that is taken."""
        self._seen(key, {item.metadata.name: item})
        return await self._sure(item, self._pictures.of(item))

    def deleted(self, key: RunKey, uid: str) -> frozenset[str]:
        """Return the tasks of a run whose TaskRun was seen to vanish, or is about to."""
        store = self._caches.task_runs
        leaving = (each for each in store.by_index(key) if each.metadata.deletion_timestamp)
        return frozenset(
            str(item.spec["task"])
            for item in (*store.tombstones_by_index(key), *leaving)
            if owner_uid(item.metadata) == uid
        )

    async def surely_without(self, key: RunKey, tasks: Iterable[str]) -> None:
        """Ask the API server about TaskRuns that should be there and are not in the cache."""
        for task in tasks:
            for name in task_run_names(key.name, task):
                try:
                    found = await self._client.get(Ref(TASK_RUNS, key.namespace, name), OwnObject)
                except ApiError as error:
                    if not not_found(error):
                        raise
                else:
                    if task_run_key(found) == key:
                        self._caches.task_runs.put(found)

    async def _sure(self, item: OwnObject, seen: ObservedTask) -> ObservedTask:
        """Look twice where the cache's silence would have consequences."""
        if seen.log.outcome is not None:
            return seen
        doubtful = self._doubtful(item, seen)
        if doubtful is not None:
            found = await self._job_exists(item, doubtful)
            return self._pictures.of(item) if found else seen
        if _lost_its_pod(seen):
            return await self._with_its_job(item, seen)
        return await self._explained(item, seen)

    def _doubtful(self, item: OwnObject, seen: ObservedTask) -> str | None:
        """Return the name of the Job that ought to be known, and of which the cache knows none."""
        last, sighting = seen.log.last, seen.sighting
        if last is not None and last.open and (sighting is None or sighting.number < last.number):
            return last.where.unit_name or attempt_name(place_of(item), last.number)
        if sighting is None or sighting.stage is not Stage.GONE:
            return None
        jobs, uid = self._caches.jobs, item.metadata.uid
        known = (*jobs.by_index(uid), *jobs.tombstones_by_index(uid))
        name = sighting.where.unit_name
        return None if name in {job.metadata.name for job in known} else name

    async def _with_its_job(self, item: OwnObject, seen: ObservedTask) -> ObservedTask:
        """Find out whether the Job went first: news of Jobs may come later than news of pods."""
        name = seen.sighting.where.unit_name if seen.sighting is not None else ""
        job = self._caches.jobs.get(item.metadata.namespace, name)
        if job is not None and not await self._job_exists(item, job.metadata.name):
            self._caches.jobs.remove(job.metadata)
        return self._pictures.of(item)

    async def _job_exists(self, item: OwnObject, name: str) -> bool:
        if name in self._surely_gone:
            return False
        try:
            found = await self._client.get(Ref(JOBS, item.metadata.namespace, name), Job)
        except ApiError as error:
            if not not_found(error):
                raise
            self._surely_gone[name] = None
            forget_oldest(self._surely_gone, KEPT)
            return False
        self._caches.jobs.put(found)
        return True

    async def _explained(self, item: OwnObject, seen: ObservedTask) -> ObservedTask:
        """Add what Events say of an attempt that does not get under way."""
        if seen.sighting is None:
            return seen
        told = await self._words.explain(item.metadata.namespace, seen.sighting)
        if told is None:
            return seen
        sighting, again = told
        self._later(task_run_key(item), again)
        return replace(seen, sighting=sighting)
