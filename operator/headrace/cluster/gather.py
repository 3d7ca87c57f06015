"""
The observed state of a run, put together from the caches.

Gathers and translates; decides nothing. If a cache cannot answer a question for sure ("is this Job
really gone?"), the API server is asked.
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
from headrace.manifests.work_spec import cache_hash_of


class TaskPictures:
    """The state of each TaskRun, derived again only after a change."""

    def __init__(self, carriers: Collection[Carrier]) -> None:
        """Show what these carriers show."""
        self.carriers = carriers
        self._pictures: dict[str, tuple[str, ObservedTask]] = {}  # With the TaskRun's version.

    def outdated(self, task_run_uid: str) -> None:
        """Note a change of a TaskRun or its attempts."""
        self._pictures.pop(task_run_uid, None)

    def of(self, item: OwnObject) -> ObservedTask:
        """Return the state of a TaskRun."""
        uid, version = item.metadata.uid, item.metadata.resource_version
        known = self._pictures.get(uid)
        if known is None or known[0] != version:
            known = self._pictures[uid] = version, self._draw(item)
        return known[1]

    def _draw(self, item: OwnObject) -> ObservedTask:
        log, readable = task_log(item)
        shown = (carrier.show(item, log.count) for carrier in self.carriers)
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
    """
    Return the sort key of a sighting.

    An existing attempt comes after a deleted one of the same number.
    """
    return seen.number, seen.stage is not Stage.GONE


_LOST = TaskLog(
    outcome=Outcome.FAILED,
    reason=Reason.TASK_RUN_DELETED,
    message="somebody overwrote the status, and no Job is left to read it from;"
    " start a new run to repeat the task",
)
"""The log of a task that may have run: it never runs again in silence."""


def task_log(item: OwnObject) -> tuple[TaskLog, bool]:
    """Return the log in a TaskRun's status, and whether it can be read; if not, an empty log."""
    try:
        return read_task_status(item.status), True
    except ValueError:
        return TaskLog(), False


Seen = Callable[[RunKey, dict[str, OwnObject], Mapping[str, ObservedTask]], None]
"""Called with the TaskRuns behind an observed run and their states, both by task."""


class Gatherer:
    """Puts together the observed tasks of a run."""

    def __init__(
        self,
        caches: Caches,
        client: Client,
        pictures: TaskPictures,
        later: Callable[[RunKey, float], None],
        seen: Seen,
    ) -> None:
        """
        Read these caches; ask the client if they cannot be sure.

        Args:
            caches: The known objects.
            client: For questions with harmful wrong answers.
            pictures: The state of each TaskRun.
            later: Asks for a turn of a run in so many seconds.
            seen: Called with what was gathered of a run.

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
        # All at one moment: a change during the questions gets another turn.
        shown = {name: self._pictures.of(item) for name, item in items.items()}
        self._seen(key, items, shown)
        return {name: await self._sure(items[name], seen) for name, seen in shown.items()}

    def _elder(self, one: OwnObject, other: OwnObject) -> OwnObject:
        """Return which of two TaskRuns of a task counts; the other gets a turn of its own."""
        first, second = (one, other) if elder(one, other) is one else (other, one)
        if not has_outcome(second.status):
            self._later(RunKey(*second.metadata.key, RunKind.TASK_RUN), 0.0)
        return first

    def recorded(self, key: RunKey, uid: str) -> dict[str, ObservedTask]:
        """Return what is on record of the tasks of a run that is not looked at itself, by name."""
        items: dict[str, OwnObject] = {}
        for item in self._caches.task_runs.by_index(key):
            if owner_uid(item.metadata) == uid and item.metadata.deletion_timestamp is None:
                task = item.spec["task"]
                items[task] = elder(items[task], item) if task in items else item
        return {
            task: ObservedTask(task_log(item)[0], cache_hash=cache_hash_of(item.spec))
            for task, item in items.items()
        }

    async def alone(self, key: RunKey, item: OwnObject) -> ObservedTask:
        """Return the state of a TaskRun on its own, or of one that claims another's place."""
        name, shown = item.metadata.name, self._pictures.of(item)
        self._seen(key, {name: item}, {name: shown})
        return await self._sure(item, shown)

    def deleted(self, key: RunKey, uid: str) -> frozenset[str]:
        """Return the tasks of a run whose TaskRun vanished, or will vanish soon."""
        store = self._caches.task_runs
        leaving = (item for item in store.by_index(key) if item.metadata.deletion_timestamp)
        return frozenset(
            str(item.spec["task"])
            for item in (*store.tombstones_by_index(key), *leaving)
            if owner_uid(item.metadata) == uid
        )

    async def surely_without(self, key: RunKey, tasks: Iterable[str]) -> None:
        """Ask the API server about TaskRuns that should exist and are not in the cache."""
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
        """Let each carrier ask the API server if a missing object would have consequences."""
        for carrier in self._pictures.carriers:
            if seen.log.outcome is None:
                seen = await carrier.make_sure(item, seen, self._pictures.of)
        return seen
