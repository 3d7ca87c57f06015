"""
The world of runs in a Kubernetes cluster: reads what is cached, writes through the API server.

Knows where each part of a run is kept. Decides nothing.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from headrace.api.v1alpha1.reasons import Reason
from headrace.cluster.caches import Caches
from headrace.cluster.client import Client
from headrace.cluster.definitions import Definitions
from headrace.cluster.errors import ApiError, ClusterError, conflict, not_found
from headrace.cluster.events import EventRecorder
from headrace.cluster.gather import Gatherer, TaskPictures, task_log
from headrace.cluster.resources import TASK_RUNS, WORKFLOW_RUNS, Ref, Resource
from headrace.cluster.runs import RunReader, run_log
from headrace.cluster.start import Starter
from headrace.cluster.store import Store
from headrace.engine.actions import Action, EndAttempt, StartAttempt
from headrace.engine.outcome import Outcome
from headrace.engine.run import ObservedRun, Obstacle, RunKey, RunKind, RunLog, TaskLog
from headrace.manifests.kube import OwnObject
from headrace.manifests.names import task_run_name
from headrace.manifests.status import run_status, task_status

IN_FLIGHT = 8
"""How many requests are under way at a time. More would open more connections, and a handshake
costs more CPU than a request."""


class StaleError(ClusterError):
    """A write met a newer object than the one that was decided upon. Look again."""


@dataclass(frozen=True, slots=True)
class Links:
    """What the world needs of the process that it lives in."""

    clock: Callable[[], datetime]
    """The wall clock."""
    later: Callable[[RunKey, float], None]
    """Asks for a look at a run in so many seconds."""
    events: EventRecorder
    job_created: Callable[[RunKey], None] = lambda _: None
    """Told of each Job that was made, for measuring."""


class ClusterWorld:
    """Keeps the promises of `headrace.reconcile.World` over the Kubernetes API."""

    def __init__(
        self,
        caches: Caches,
        client: Client,
        pictures: TaskPictures,
        links: Links,
    ) -> None:
        """Read and write through these caches."""
        clock = links.clock
        self._caches = caches
        self._client = client
        self._clock = clock
        self.definitions = Definitions(client)
        self._links = links
        gatherer = Gatherer(caches, client, pictures, links.later)
        self._reader = RunReader(caches, self.definitions, gatherer, clock)
        self._starter = Starter(caches, client, clock)
        self._obstacles: dict[RunKey, dict[str, Obstacle]] = {}
        self._looked: dict[RunKey, datetime] = {}
        self._logged: dict[RunKey, datetime] = {}
        self._tasks_logged: dict[RunKey, dict[str, datetime]] = {}
        self._gate = asyncio.Semaphore(IN_FLIGHT)

    async def observe(self, key: RunKey) -> ObservedRun | None:
        """Return all that is true of a run now, or None if it is gone."""
        run = await self._reader.read(key)
        if run is None:
            self._forget(key)
            return None
        self._caches.awaited.learn(run)
        self._looked[key] = self._clock()
        return replace(
            run,
            obstacles=dict(self._obstacles.get(key, {})),
            logged_at=self._logged.get(key),
            tasks_logged_at=dict(self._tasks_logged.get(key, {})),
        )

    async def log(self, key: RunKey, records: Mapping[str, TaskLog]) -> None:
        """Write TaskRuns' statuses, each if it is still the one that was decided upon."""
        await self._all([self._log(key, task, log) for task, log in records.items()])

    async def apply(self, key: RunKey, actions: Sequence[Action]) -> None:
        """Make and delete Jobs. What the API server refuses is kept as an obstacle."""
        await self._all([self._apply(key, action) for action in actions])

    async def record(self, key: RunKey, status: RunLog) -> None:
        """Write the WorkflowRun's status; a TaskRun on its own has told all in its log."""
        if key.kind is RunKind.TASK_RUN:
            await self._record_alone(key, status)
            return
        item = self._caches.runs.get(key.namespace, key.name)
        if item is None:
            return
        born = item.metadata.creation_timestamp or self._clock()
        await self._write(WORKFLOW_RUNS, self._caches.runs, item, run_status(status, born))
        self._logged[key] = self._looked.get(key) or self._clock()
        if status.finished is not None:
            events = self._links.events
            tell = events.tell if status.succeeded else events.warn
            message = status.message or "all tasks ended"
            await tell(WORKFLOW_RUNS, item.metadata, status.reason, message)

    async def complain(self, key: RunKey, reason: Reason, message: str) -> None:
        """Show that a turn could not be ended, and why, as far as that can be written."""
        alone = key.kind is RunKind.TASK_RUN
        store = self._caches.task_runs if alone else self._caches.runs
        item = store.get(key.namespace, key.name)
        if item is None or "completionTime" in item.status:
            return
        born = item.metadata.creation_timestamp or self._clock()
        if alone:
            task = replace(task_log(item)[0], reason=reason, message=message)
            await self._write(TASK_RUNS, store, item, task_status(task, born))
        else:
            run = replace(run_log(item), reason=reason, message=message)
            await self._write(WORKFLOW_RUNS, store, item, run_status(run, born))

    async def _record_alone(self, key: RunKey, status: RunLog) -> None:
        """Write the end of a TaskRun on its own that could not even begin."""
        item = self._caches.task_runs.get(key.namespace, key.name)
        if item is None or item.status.get("outcome") or status.finished is None:
            return
        refused = TaskLog(
            outcome=Outcome.FAILED,
            reason=status.reason,
            message=status.message,
            finished=status.finished,
            observed_generation=status.observed_generation,
        )
        await self._log(key, key.name, refused)

    async def _log(self, key: RunKey, task: str, log: TaskLog) -> None:
        item = self._task_run(key, task)
        if item is None:
            raise StaleError(f"TaskRun of {task} is gone")
        born = item.metadata.creation_timestamp or self._clock()
        await self._write(TASK_RUNS, self._caches.task_runs, item, task_status(log, born))
        known = self._tasks_logged.setdefault(key, {})
        if log.outcome is None:
            known[task] = self._clock()
        else:
            known.pop(task, None)  # Nothing more will be written.

    async def _write(
        self,
        resource: Resource,
        store: Store[OwnObject],
        item: OwnObject,
        status: Mapping[str, object],
    ) -> None:
        ref = Ref(resource, item.metadata.namespace, item.metadata.name)
        body = {"metadata": {"resourceVersion": item.metadata.resource_version}, "status": status}
        try:
            store.put(await self._client.patch_status(ref, body, OwnObject))
        except ApiError as error:
            if not_found(error):
                store.remove(item.metadata)
            elif conflict(error):
                store.put(await self._client.get(ref, OwnObject))
            else:
                raise
            raise StaleError(f"{ref} has changed") from error

    async def _apply(self, key: RunKey, action: Action) -> None:
        match action:
            case StartAttempt():
                self._caches.awaited.starts(key)
                alone = None
                if key.kind is RunKind.TASK_RUN:
                    alone = self._caches.task_runs.get(key.namespace, key.name)
                obstacle = await self._starter.start(action, alone)
                self._remember(key, action.task.name, obstacle)
                if obstacle is None:
                    self._links.job_created(key)
            case EndAttempt(task, number):
                item = self._task_run(key, task)
                if item is not None:
                    await self._starter.end(item.metadata.uid, number)

    def _task_run(self, key: RunKey, task: str) -> OwnObject | None:
        name = key.name if key.kind is RunKind.TASK_RUN else task_run_name(key.name, task)
        return self._caches.task_runs.get(key.namespace, name)

    def _remember(self, key: RunKey, task: str, obstacle: Obstacle | None) -> None:
        known = self._obstacles.setdefault(key, {})
        known.pop(task, None)
        if obstacle is not None:
            known[task] = obstacle
            self._links.later(key, 0.0)  # Nothing was made, so nothing else will tell.
        if not known:
            del self._obstacles[key]

    def _forget(self, key: RunKey) -> None:
        self._caches.awaited.forget(key)
        self._obstacles.pop(key, None)
        self._looked.pop(key, None)
        self._logged.pop(key, None)
        self._tasks_logged.pop(key, None)
        caches = self._caches
        for store in (caches.runs, caches.task_runs, caches.jobs, caches.pods):
            store.forget(key)

    async def _all(self, coroutines: Sequence[Coroutine[Any, Any, None]]) -> None:
        """Do all of them, some at a time; then raise the first error, if there was one."""

        async def one(coroutine: Coroutine[Any, Any, None]) -> None:
            async with self._gate:
                await coroutine

        results = await asyncio.gather(*map(one, coroutines), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
