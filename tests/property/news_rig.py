"""A controller whose news of each kind comes by a way of its own, over a cluster in memory."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from msgspec import json

from headrace.cluster.caches import Caches, Key
from headrace.cluster.events import EventRecorder
from headrace.cluster.gather import TaskPictures
from headrace.cluster.kinds import WORKFLOW_RUNS, WORKFLOWS
from headrace.cluster.subjects.run import ClusterWorld, Links
from headrace.engine.run.observed import RunKey
from headrace.kube.client import Client
from headrace.kube.informer import Informer
from headrace.kube.resources import Scope
from headrace.kube.sender import Settings
from headrace.kube.transport import Request
from headrace.loop.queue import WorkQueue
from headrace.loop.runs import reconcile
from support.api_server import ApiServer
from support.api_storage import Object
from support.api_transport import MemoryTransport
from support.node_machine import NodeMachine, Program
from support.plumbing import manifest, virtual_clock
from support.virtual_time import now, seeded
from support.world_rig import WorldRig

KINDS = ("workflowruns", "taskruns", "jobs", "pods")
WRITES = "requests"
"""The way of all that is no watch: writes, and questions about single objects and Events."""
RUN = RunKey("default", "x")
LONGEST = 3600.0
SOON = 1.0
LOOK = 0.25  # How often a test looks whether the run has ended.


class NewsRig:
    """One run of a workflow, a cluster that runs its Jobs, and a controller."""

    def __init__(self, programs: Mapping[str, Program], seed: int) -> None:
        self.server = ApiServer()
        self.machine = NodeMachine(self.server, programs)
        self.ways = {name: MemoryTransport(self.server) for name in (*KINDS, WRITES)}
        self._seed = seed
        self._controller: asyncio.Task[None] | None = None
        self._nodes = asyncio.create_task(self.machine.serve())

    def begin(self, tasks: list[dict[str, Any]]) -> None:
        """Make the workflow and its run, and start the controller."""
        self._create(manifest(WORKFLOWS, "w", {"tasks": tasks}), "workflows")
        self._create(manifest(WORKFLOW_RUNS, "x", {"workflow": "w"}), "workflowruns")
        self.restart()

    def restart(self) -> None:
        """End the controller in the middle of whatever it does, and start another."""
        if self._controller is not None:
            self._controller.cancel()
        self._controller = asyncio.create_task(self._control())

    async def to_the_end(self) -> float:
        """Return after how many seconds the run ended."""
        began = now()
        while "completionTime" not in self.status("workflowruns", "x"):
            assert now() - began < LONGEST, f"the run does not end: {self.statuses()}"
            await asyncio.sleep(LOOK)
        return now() - began

    async def close(self) -> None:
        """End everything."""
        work = [each for each in (self._controller, self._nodes) if each is not None]
        for each in work:
            each.cancel()
        await asyncio.gather(*work, return_exceptions=True)

    def status(self, plural: str, name: str) -> dict[str, Any]:
        """Return an object's status on the server."""
        return next((i["status"] for i in self._all(plural) if i["metadata"]["name"] == name), {})

    def statuses(self) -> dict[str, dict[str, Any]]:
        """Return what the TaskRuns say, by task."""
        return {item["spec"]["task"]: item["status"] for item in self._all("taskruns")}

    def _all(self, plural: str) -> Iterator[Object]:
        return (i for kind, i in self.server.storage.everything() if kind.plural == plural)

    def _create(self, body: dict[str, Any], plural: str) -> None:
        target = f"/apis/headrace.dev/v1alpha1/namespaces/default/{plural}"
        response = self.server.handle(Request("POST", target, json.encode(body)))
        assert 201 == response.status, response.body

    def _client(self, way: str) -> Client:
        return Client(self.ways[way], Settings(clock=virtual_clock()), seeded(self._seed))

    async def _control(self) -> None:
        """Be a controller, with everything that it knows in memory."""
        queue: WorkQueue[Key] = WorkQueue(seeded(self._seed), WorldRig.clock)

        def later(key: Key, seconds: float) -> None:
            queue.add_at(key, now() + seconds)

        pictures = TaskPictures(lambda: caches, WorldRig.clock)
        caches = Caches(queue.add, pictures.outdated, look_soon=lambda key: later(key, SOON))
        client = self._client(WRITES)
        events = EventRecorder(client, WorldRig.clock, "test")
        world = ClusterWorld(caches, client, pictures, Links(WorldRig.clock, later, events))

        async def turn(key: Key) -> datetime | None:
            return await reconcile(key, world, WorldRig.clock()) if key == RUN else None

        informers = [
            Informer(self._client(kind.plural), Scope(kind, "default", labels=selector), store)
            for kind, selector, store in caches.watched()
        ]
        with suppress(asyncio.CancelledError):
            async with asyncio.TaskGroup() as tasks:
                for informer in informers:
                    tasks.create_task(informer.run())
                for informer in informers:
                    await informer.synced.wait()
                for informer in informers:
                    await informer.refresh()
                queue.add(RUN)
                await queue.serve(turn, 2)
