"""A world of runs over an API server in memory, without informers: a test tells the caches."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import msgspec

from headrace.cluster.caches import Caches, Key, WorkflowKey
from headrace.cluster.events import EventRecorder
from headrace.cluster.holders import Holders
from headrace.cluster.hooks import Hooks
from headrace.cluster.kinds import BACKFILLS, TASK_RUNS, WORKFLOW_RUNS, WORKFLOWS
from headrace.cluster.subjects.pool import Pools
from headrace.cluster.subjects.pool_status import PoolStatuses
from headrace.cluster.subjects.run import ClusterWorld
from headrace.engine.archive import ArchiveTerms
from headrace.engine.definition.expressions.types import Failure, Question, Value
from headrace.engine.pool.observed import PoolKey, PoolStatusKey
from headrace.engine.run.observed import RunKey
from headrace.evaluation.answers import Asks
from headrace.kube.errors import StaleError
from headrace.kube.resources import Ref, Resource
from headrace.kube.store import Store
from headrace.loop.runs import reconcile
from headrace.loop.subject import turn
from headrace.manifests.kube import OwnObject
from support.api_selectors import label_selector
from support.api_server import EPOCH
from support.evaluation import evaluate_here
from support.plumbing import Rig, manifest
from support.virtual_time import now


class WorldRig(Rig):
    """One world; its clock is the server's."""

    archive: ArchiveTerms | None = None
    """What the archive asks for; None: there is none."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.evaluate: Asks = evaluate_here
        """Evaluates questions."""
        self.restart()

    def restart(self) -> None:
        """Know nothing any more, as another controller after a crash of the one before."""
        self.asked: list[RunKey] = []
        self.due: dict[RunKey, datetime] = {}
        """When the world wants a run to be looked at."""
        self.woken: list[Key] = []
        self.caches = Caches(self.woken.append, lambda uid: self.world.pictures.outdated(uid))  # noqa: PLW0108 - the world comes later
        events = EventRecorder(self.client, self.clock, "test")
        hooks = Hooks(
            *(self.clock, self._later, events, self._evaluate),
            hurry=self._hurry,
            archive=self.archive,
        )
        self.world = ClusterWorld(self.caches, self.client, hooks)
        self._to_show: list[PoolStatusKey] = []
        self.statuses = PoolStatuses(self.caches, self.client, self.clock, self._to_show.append)
        self.pools = Pools(self.caches, self.world.pools, self.statuses, self.clock)
        self._pools_due: dict[PoolKey, datetime] = {}
        self._told = 0

    @staticmethod
    def clock() -> datetime:
        """Read the clock."""
        return datetime.fromtimestamp(EPOCH.timestamp() + now(), EPOCH.tzinfo)

    def tell(self) -> None:
        """Tell the caches all that they do not know yet; the first time only what there is."""
        storage = self.server.storage
        for resource, selector, store in self.caches.watched():
            watched = label_selector(selector)
            if self._told == 0:
                news = [(None, item) for item in storage.all(resource)]
            else:
                changes = storage.since(self._told)
                news = [(c.before, c.after) for c in changes if c.resource == resource]
            for before, after in news:
                item = after or before
                assert item is not None
                if not watched(item["metadata"].get("labels") or {}):
                    continue
                told = msgspec.convert(item, store.into)
                if after is not None:
                    store.put(told)
                else:
                    store.remove(told.metadata, told)
            store.advance("", storage.version)
        for change in storage.since(self._told) if self._told else ():
            if change.resource == WORKFLOWS:  # Not cached; its handler wakes who waits for it.
                meta = change.last["metadata"]
                self.woken += self.caches.waiting_runs(WorkflowKey(meta["namespace"], meta["name"]))
        self._told = storage.version

    async def _evaluate(self, asked: Sequence[Question]) -> Sequence[Value | Failure]:
        return await self.evaluate(asked)

    def _hurry(self, key: RunKey | PoolKey) -> None:
        if isinstance(key, PoolKey):
            self.woken.append(key)
        else:
            self._later(key, 0.0)

    def _later(self, key: RunKey, seconds: float) -> None:
        self.asked.append(key)
        due = self.clock() + timedelta(seconds=seconds)
        self.due[key] = min(due, self.due.get(key, due))

    async def make(
        self, resource: Resource, name: str, spec: dict[str, Any], namespace: str = "default"
    ) -> OwnObject:
        """Create an object, and tell the caches of it."""
        body = manifest(resource, name, spec, namespace)
        made = await self.client.create(resource, body, OwnObject)
        store = self._store(resource)
        if store is not None:
            store.put(made)
        return made

    async def workflow(self, *tasks: str, name: str = "w") -> None:
        """Create a workflow of tasks that wait for nothing."""
        listed = [{"name": task, "image": "busybox"} for task in tasks]
        await self.make(WORKFLOWS, name, {"tasks": listed})

    async def replace(self, resource: Resource, name: str, spec: dict[str, Any]) -> OwnObject:
        """Delete an object and make another of its name; the caches learn of both."""
        store = self._store(resource)
        assert store is not None
        old = store.get("default", name)
        assert old is not None
        await self.client.delete(Ref(resource, "default", name))
        store.remove(old.metadata, old)
        return await self.make(resource, name, spec)

    async def status(self, resource: Resource, name: str) -> dict[str, Any]:
        """Return an object's status on the server."""
        found = await self.client.get(Ref(resource, "default", name), OwnObject)
        return found.status

    def held(self, pool: str) -> int:
        """Return how many slots of a pool are held, as the caches show it."""
        holders = Holders(self.caches, self.clock).of(PoolKey("default", pool))
        return sum(holder.slots for holder in holders)

    async def pool_turns(self) -> None:
        """Give a turn to each pool that needs one now, and then to the statuses of pools."""
        now = self.clock()
        keys = [key for key in self.woken if isinstance(key, PoolKey)]
        self.woken[:] = [key for key in self.woken if not isinstance(key, PoolKey)]
        keys += [key for key, due in self._pools_due.items() if due <= now]
        for key in dict.fromkeys(keys):
            self._pools_due.pop(key, None)
            again = await turn(self.pools, key, now)
            if again is not None:
                self._pools_due[key] = again
        for shown in tuple(dict.fromkeys(self._to_show)):
            with suppress(StaleError):  # As the queue does: it meets something newer, and tries it.
                await turn(self.statuses, shown, now)
                self._to_show[:] = [key for key in self._to_show if key != shown]

    async def turn(self, key: RunKey) -> None:
        """Give a run a turn."""
        await reconcile(key, self.world, self.clock())

    def _store(self, resource: Resource) -> Store[OwnObject] | None:
        return {
            WORKFLOW_RUNS: self.caches.runs,
            TASK_RUNS: self.caches.task_runs,
            BACKFILLS: self.caches.backfills.store,
        }.get(resource)
