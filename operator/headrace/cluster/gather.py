"""
All that is true of a run now, put together from what is cached.

Gathers and translates; decides nothing. A question that a cache cannot answer for sure
("is this Job really gone?") is asked of the API server.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import chain

from headrace.api.v1alpha1.reasons import Reason
from headrace.cluster.belonging import (
    elder,
    owner_uid,
    task_run_key,
)
from headrace.cluster.caches import Caches
from headrace.cluster.carriers.carrier import Carrier
from headrace.cluster.kinds import TASK_RUNS
from headrace.engine.outcome import Outcome
from headrace.engine.run.observed import RunKey, RunKind
from headrace.engine.task.observed import ObservedTask, Sighting, Stage, TaskLog
from headrace.kube.client import Client
from headrace.kube.errors import ApiError, not_found
from headrace.kube.resources import Ref
from headrace.manifests.kube import OwnObject
from headrace.manifests.names import task_run_names
from headrace.manifests.task_status import has_outcome, read_task_status


class TaskPictures:
    """How each TaskRun stands, worked out anew only when something of it changed."""

    def __init__(self, carriers: Collection[Carrier]) -> None:
        """Show what these carriers show."""
        self.carriers = carriers
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
        shown = (each.show(item, log.count) for each in self.carriers)
        sightings = sorted(chain.from_iterable(shown), key=_age)
        newest = sightings[-1] if sightings else None
        there = any(seen.stage is not Stage.GONE for seen in sightings)
        return ObservedTask(
            log=log if readable or there else _LOST,
            sighting=newest,
            lingering=frozenset(seen.number for seen in sightings[:-1] if seen.alive),
            generation=item.metadata.generation,
        )


def _age(seen: Sighting) -> tuple[int, bool]:
    """Return the order of sightings. Of one attempt, what is there comes after what is gone."""
    return seen.number, seen.stage is not Stage.GONE


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
    except ValueError:
        return TaskLog(), False


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
        if not has_outcome(second.status):
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
        """Let each carrier look twice where the cache's silence would have consequences."""
        for carrier in self._pictures.carriers:
            if seen.log.outcome is None:
                seen = await carrier.make_sure(item, seen, self._pictures.of)
        return seen
