"""
All that is true of a run now, put together from what is cached.

Gathers and translates; decides nothing. A question that a cache cannot answer for sure
("is this Job really gone?") is asked of the API server.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

import msgspec

from headrace.api.v1alpha1 import labels
from headrace.api.v1alpha1.reasons import Reason
from headrace.cluster.caches import Caches, owner_uid, task_run_key
from headrace.cluster.client import Client
from headrace.cluster.errors import ApiError, not_found
from headrace.cluster.resources import JOBS, TASK_RUNS, Ref
from headrace.cluster.words import AGAIN_SECONDS, PATIENCE_SECONDS, FailedCreates
from headrace.engine.outcome import Outcome
from headrace.engine.run import ObservedTask, RunKey, Sighting, Stage, TaskLog
from headrace.manifests.kube import Job, OwnObject
from headrace.manifests.names import job_name, task_run_name
from headrace.manifests.sighting import sight
from headrace.manifests.status import read_task_status


class TaskPictures:
    """How each TaskRun stands, worked out anew only when something of it changed."""

    def __init__(self, caches: Callable[[], Caches], clock: Callable[[], datetime]) -> None:
        """Read the caches that `caches` returns; `clock` stands in for times nobody tells."""
        self._caches = caches
        self._clock = clock
        self._pictures: dict[str, ObservedTask] = {}

    def outdated(self, task_run_uid: str) -> None:
        """Note that something of a TaskRun changed."""
        self._pictures.pop(task_run_uid, None)

    def of(self, item: OwnObject) -> ObservedTask:
        """Return how a TaskRun stands."""
        uid = item.metadata.uid
        if uid not in self._pictures:
            self._pictures[uid] = self._draw(item)
        return self._pictures[uid]

    def _draw(self, item: OwnObject) -> ObservedTask:
        log, readable = task_log(item)
        sightings = sorted(self._sightings(item, log.count), key=lambda seen: seen.number)
        newest = sightings[-1] if sightings else None
        there = any(seen.stage is not Stage.GONE for seen in sightings)
        return ObservedTask(
            log=log if readable or there else _LOST,
            sighting=newest,
            lingering=frozenset(seen.number for seen in sightings[:-1] if seen.alive),
            generation=item.metadata.generation,
        )

    def _sightings(self, item: OwnObject, count: int) -> Iterable[Sighting]:
        caches, now = self._caches(), self._clock()
        uid = item.metadata.uid
        for gone, jobs in (
            (False, caches.jobs.by_index(uid)),
            (True, caches.jobs.tombstones_by_index(uid)),
        ):
            for job in jobs:
                pods = caches.pods.by_index(job.metadata.uid)
                known = _as_named(job, item, count)
                if known is not None:
                    yield sight(known, pods, gone=gone, now=now)


_LOST = TaskLog(
    outcome=Outcome.FAILED,
    reason=Reason.TASK_RUN_DELETED,
    message="somebody wrote over the status, and there is no Job to read it anew from;"
    " start a new run to repeat the task",
)
"""Of a task of which nobody knows whether it ran: it is never run again in silence."""


def task_log(item: OwnObject) -> tuple[TaskLog, bool]:
    """Return what a TaskRun's status says, and whether it can be read: an empty log if not."""
    try:
        return read_task_status(item.status), True
    except (AttributeError, KeyError, TypeError, ValueError):
        return TaskLog(), False


def _as_named(job: Job, item: OwnObject, count: int) -> Job | None:
    """Return a Job with the attempt's label as its name wants it; None if it is no attempt."""
    meta = job.metadata
    label = meta.labels.get(labels.ATTEMPT, "")
    if label.isdecimal() and meta.name == _job_name(item, int(label)):
        return job
    for number in range(1, count + 2):  # Somebody has changed the label: the name is the lock.
        if meta.name == _job_name(item, number):
            own = {**meta.labels, labels.ATTEMPT: str(number)}
            return msgspec.structs.replace(job, metadata=msgspec.structs.replace(meta, labels=own))
    return None


def _job_name(item: OwnObject, number: int) -> str:
    """Return the name of an attempt's Job."""
    run_uid = owner_uid(item.metadata) or item.metadata.uid
    task = str(item.spec.get("task") or item.metadata.name)
    return job_name(task_run_key(item).name, run_uid, task, number)


class Gatherer:
    """Puts together what is true of a run's tasks."""

    def __init__(
        self,
        caches: Caches,
        client: Client,
        pictures: TaskPictures,
        later: Callable[[RunKey, float], None],
    ) -> None:
        """
        Read these caches; ask the client where they cannot be sure.

        Args:
            caches: What is known.
            client: For questions of which a wrong answer would do harm.
            pictures: How each TaskRun stands.
            later: Told to look at a run again in so many seconds.

        """
        self._caches = caches
        self._client = client
        self._pictures = pictures
        self._later = later
        self._words = FailedCreates(client)
        self._surely_gone: set[str] = set()

    async def tasks(self, key: RunKey, uid: str) -> dict[str, ObservedTask]:
        """Return the tasks of a run that have a TaskRun, by name."""
        found: dict[str, ObservedTask] = {}
        for item in self._caches.task_runs.by_index(key):
            name = item.spec.get("task")
            leaving = item.metadata.deletion_timestamp is not None
            if isinstance(name, str) and owner_uid(item.metadata) == uid and not leaving:
                found[name] = await self._sure(item, self._pictures.of(item))
        return found

    async def alone(self, item: OwnObject) -> ObservedTask:
        """Return how a TaskRun on its own stands."""
        return await self._sure(item, self._pictures.of(item))

    def deleted(self, key: RunKey, uid: str) -> frozenset[str]:
        """Return the tasks of a run whose TaskRun was seen to vanish, or is about to."""
        store = self._caches.task_runs
        leaving = (each for each in store.by_index(key) if each.metadata.deletion_timestamp)
        return frozenset(
            str(item.spec["task"])
            for item in (*store.tombstones_by_index(key), *leaving)
            if "task" in item.spec and owner_uid(item.metadata) == uid
        )

    async def surely_without(self, key: RunKey, tasks: Iterable[str]) -> None:
        """Ask the API server about TaskRuns that should be there and are not in the cache."""
        for task in tasks:
            name = task_run_name(key.name, task)
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
        last = seen.log.last
        if seen.log.outcome is not None:
            return seen
        if last is not None and last.open and _unseen(seen, last.number):
            if await self._job_exists(item, last.job or _job_name(item, last.number)):
                return self._pictures.of(item)
            return seen
        return await self._explained(item, seen)

    async def _job_exists(self, item: OwnObject, name: str) -> bool:
        if name in self._surely_gone:
            return False
        try:
            found = await self._client.get(Ref(JOBS, item.metadata.namespace, name), Job)
        except ApiError as error:
            if not not_found(error):
                raise
            self._surely_gone.add(name)
            return False
        self._caches.jobs.put(found)
        return True

    async def _explained(self, item: OwnObject, seen: ObservedTask) -> ObservedTask:
        """Add the Job controller's words where a Job has no pod."""
        sighting = seen.sighting
        waits = sighting is not None and sighting.stage is Stage.STARTING
        if sighting is None or not waits or sighting.pod is not None or sighting.waiting:
            return seen
        words = await self._words.about(item.metadata.namespace, sighting)
        self._later(task_run_key(item), PATIENCE_SECONDS if words is None else AGAIN_SECONDS)
        if words is None:
            return seen
        full = "exceeded quota" in words
        reason = Reason.QUOTA_EXCEEDED if full else Reason.POD_NOT_CREATED
        return replace(seen, sighting=replace(sighting, waiting=reason, message=words))


def _unseen(seen: ObservedTask, number: int) -> bool:
    return seen.sighting is None or seen.sighting.number < number
