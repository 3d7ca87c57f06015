"""A world of runs over an API server in memory, without informers: a test tells the caches."""

from datetime import datetime
from typing import Any

from headrace.cluster.caches import Caches, Key
from headrace.cluster.events import EventRecorder
from headrace.cluster.gather import TaskPictures
from headrace.cluster.kinds import TASK_RUNS, WORKFLOW_RUNS, WORKFLOWS
from headrace.cluster.subjects.run import ClusterWorld, Links
from headrace.engine.run.observed import RunKey
from headrace.kube.resources import Ref, Resource
from headrace.kube.store import Store
from headrace.loop.runs import reconcile
from headrace.manifests.kube import OwnObject
from support.api_server import EPOCH
from support.plumbing import Rig, manifest
from support.virtual_time import now


class WorldRig(Rig):
    """One world; its clock is the server's."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.restart()

    def restart(self) -> None:
        """Know nothing any more, as another controller after a crash of the one before."""
        self.asked: list[RunKey] = []
        self.pictures = TaskPictures(lambda: self.caches, self.clock)
        self.woken: list[Key] = []
        self.caches = Caches(self.woken.append, self.pictures.outdated)
        events = EventRecorder(self.client, self.clock, "test")
        links = Links(self.clock, lambda key, _: self.asked.append(key), events)
        self.world = ClusterWorld(self.caches, self.client, self.pictures, links)

    @staticmethod
    def clock() -> datetime:
        """Read the clock."""
        return datetime.fromtimestamp(EPOCH.timestamp() + now(), EPOCH.tzinfo)

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

    async def turn(self, key: RunKey) -> None:
        """Give a run a turn."""
        await reconcile(key, self.world, self.clock())

    def _store(self, resource: Resource) -> Store[OwnObject] | None:
        return {WORKFLOW_RUNS: self.caches.runs, TASK_RUNS: self.caches.task_runs}.get(resource)
