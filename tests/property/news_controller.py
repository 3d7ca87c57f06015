"""A controller whose news of each kind comes by a way of its own; all it knows is in memory."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, ClassVar, Final

from headrace.cluster.caches import Caches, Key, WorkflowKey
from headrace.cluster.events import EventRecorder
from headrace.cluster.hooks import Hooks
from headrace.cluster.kinds import WORKFLOWS
from headrace.cluster.subjects.backfill import BackfillWorld
from headrace.cluster.subjects.pool import Pools
from headrace.cluster.subjects.pool_status import PoolStatuses
from headrace.cluster.subjects.run import ClusterWorld
from headrace.cluster.subjects.workflow import WorkflowWorld
from headrace.controller.subjects import subjects
from headrace.engine.pool.observed import PoolKey
from headrace.kube.client import Client
from headrace.kube.errors import ClusterError
from headrace.kube.informer import Informer
from headrace.kube.resources import Scope
from headrace.kube.sender import Settings
from headrace.kube.store import Store
from headrace.kube.transport import Transport
from headrace.loop.queue import WorkQueue
from headrace.loop.subject import turn
from headrace.manifests.kube import OwnObject
from support.evaluation import evaluate_here
from support.plumbing import virtual_clock
from support.virtual_time import now, seeded
from support.world_rig import WorldRig

KINDS: Final = ("workflowruns", "taskruns", "jobs", "pods", "approvals", "pools", "backfills")
WRITES: Final = "requests"
"""The way of all that is no watch: writes, and questions about single objects and Events."""
WORKFLOW: Final = "w"
KEY: Final = WorkflowKey("default", WORKFLOW)
SOON: Final = 1.0
BUSY: Final = 100
"""So many turns a controller may take at its start,"""
OFTEN: Final = 20
"""and so many in each second: more is a spin."""


class Controller:
    """Turns of runs and of one workflow."""

    workers: ClassVar = 2
    often: ClassVar = OFTEN

    def __init__(
        self, ways: Mapping[str, Transport], seed: int, defect: Callable[[str], None]
    ) -> None:
        """Know nothing; `defect` is told of turns that fail otherwise than by the API server."""
        self._ways = ways
        self._seed = seed
        self._defect = defect
        self._turns, self._began = 0, now()
        self._queue: WorkQueue[Key] = WorkQueue(seeded(seed), WorldRig.clock)
        self._caches = Caches(
            self._at_once,
            lambda uid: runs.pictures.outdated(uid),  # noqa: PLW0108 - the world comes later
            look_soon=self._look_soon,
        )
        self._workflows = Store(OwnObject, lambda _: (), self._workflow_changed, lambda _: False)
        client = self._client(WRITES)
        events = EventRecorder(client, WorldRig.clock, "test")
        hooks = Hooks(
            *(WorldRig.clock, self._later, events, evaluate_here), hurry=self._queue.hurry
        )
        runs = ClusterWorld(self._caches, client, hooks)
        above = WorkflowWorld(self._caches, client, runs.definitions, events, WorldRig.clock)
        statuses = PoolStatuses(self._caches, client, WorldRig.clock, self._queue.add)
        pools = Pools(self._caches, runs.pools, statuses, WorldRig.clock)
        past = BackfillWorld(self._caches, client, runs.definitions, events, WorldRig.clock)
        self._subjects = subjects(runs, above, pools, statuses, past, lambda _: None)

    async def run(self) -> None:
        """Work until cancelled."""
        informers = list(self._informers())
        with suppress(asyncio.CancelledError):
            async with asyncio.TaskGroup() as tasks:
                for informer in informers:
                    tasks.create_task(informer.run())
                for informer in informers:
                    await informer.synced.wait()
                for informer in informers:
                    await informer.refresh()
                for key in (*self._caches.keys(""), KEY):
                    self._queue.add(key)
                await self._queue.serve(self._turn, self.workers)

    def _informers(self) -> Iterator[Informer[Any]]:
        for kind, selector, store in (*self._caches.watched(), (WORKFLOWS, "", self._workflows)):
            scope = Scope(kind, "default" if kind.namespaced else "", labels=selector)
            yield Informer(self._client(kind.plural), scope, store)

    def _client(self, way: str) -> Client:
        return Client(self._ways[way], Settings(clock=virtual_clock()), seeded(self._seed))

    def _at_once(self, key: Key) -> None:
        (self._queue.hurry if isinstance(key, PoolKey) else self._queue.add)(key)

    def _later(self, key: Key, seconds: float) -> None:
        self._queue.add_at(key, now() + seconds)

    def _look_soon(self, key: Key) -> None:
        self._later(key, SOON)

    def _workflow_changed(self, old: OwnObject | None, new: OwnObject | None) -> None:
        """Do as the controller does when it is told of a workflow."""
        self._queue.add(KEY)
        if old is None or new is None or old.metadata.generation != new.metadata.generation:
            for run in self._caches.waiting_runs(KEY):
                self._queue.add(run)

    async def _turn(self, key: Key) -> datetime | None:
        self._turns += 1
        if self._turns > BUSY + self.often * (now() - self._began):
            self._defect(f"{self._turns} turns in {now() - self._began:.0f} s")
            await asyncio.sleep(1)  # Else the time would stand still.
        try:
            return await turn(self._subjects[type(key)], key, WorldRig.clock())
        except ClusterError:
            raise
        except Exception as error:
            self._defect(f"a turn of {key} failed: {error!r}")
            raise
