"""
Three workflows that each start when the one before ends, over the API server in memory.

All is real but the pods: workflows and runs have their turns as the controller's queue gives them,
after news and at planned moments only. The controller's writes are noted, and may fail.
"""

import asyncio
from asyncio import sleep
from collections import Counter
from datetime import datetime, timedelta
from typing import Any, Final

from headrace.api.v1alpha1 import labels
from headrace.cluster.caches import Key, WorkflowKey
from headrace.cluster.events import EventRecorder
from headrace.cluster.kinds import WORKFLOW_RUNS, WORKFLOWS
from headrace.cluster.subjects.backfill import BackfillWorld
from headrace.cluster.subjects.workflow import WorkflowWorld
from headrace.controller.subjects import subjects
from headrace.kube.errors import ClusterError, StaleError
from headrace.kube.resources import JOBS, Resource
from headrace.loop.subject import turn
from headrace.manifests.kube import OwnObject
from support.api_server import ApiServer
from support.api_storage import Object
from support.api_writes import NotedWrites
from support.fake_cluster import CrashError
from support.plumbing import Rig, manifest
from support.pods_by_hand import PodsByHand, finished
from support.world_rig import WorldRig

KEYS: Final = tuple(WorkflowKey("default", name) for name in ("first", "second", "third"))
ROWS: Final = '{"rows": 7}'
PROGRAM: Final = 5
"""How many seconds a program takes."""
AGAIN: Final = timedelta(seconds=1)
"""After this time, a failed turn is tried again."""
LONGEST: Final = timedelta(minutes=10)
"""Whatever is planned for later than this is no part of the story."""
STEPS: Final = 500
"""After so many steps the story must have ended."""

_TASK: Final = {"name": "count", "image": "busybox"}
_ROWS: Final = {"name": "rows", "expression": "tasks.count.outputs.rows * 2"}
_PARAM: Final = {"name": "rows", "type": "Integer", "default": 0}
_GIVEN: Final = [{"name": "rows", "output": "rows"}]
_ONCE_MORE: Final = {"limit": 1, "backoff": {"seconds": 0}}


def specs(kept: int) -> dict[str, dict[str, Any]]:
    """Return the three workflows, which keep so many ended runs."""
    history = {"successfulRuns": kept, "failedRuns": kept}
    after_first = {"workflow": {"name": "first", "paramsFrom": _GIVEN}}
    first_fails = {"workflow": {"name": "first", "outcomes": ["Failed"]}}
    after_second = {"workflow": {"name": "second", "paramsFrom": _GIVEN}}
    mended = {**_TASK, "retry": _ONCE_MORE}
    return {
        "third": {
            "tasks": [_TASK],
            "params": [_PARAM],
            "triggers": [first_fails, after_second],
            "history": history,
        },
        "second": {
            "tasks": [mended],
            "params": [_PARAM],
            "outputs": [_ROWS],
            "triggers": [after_first],
            "history": history,
        },
        "first": {"tasks": [_TASK], "outputs": [_ROWS], "history": history},
    }


class ChainRig(WorldRig):
    """The workflows, the controller, and whoever lets programs end."""

    def __init__(self, away: float = 0) -> None:
        """Start empty; after each crash, `away` seconds pass before another controller begins."""
        server = ApiServer()
        server.admit = self._admit
        self.away = away
        self.people = Rig(server)
        self.pods = PodsByHand(server)
        self.made: Counter[tuple[str, str]] = Counter()
        """How often each object was made, by its kind and name."""
        self.runs: list[tuple[Any, ...]] = []
        """What each run was made of."""
        self.ends: dict[str, tuple[Any, ...]] = {}
        """How each run has ended: it may be deleted since."""
        super().__init__(server=server, way=NotedWrites)

    def _admit(self, resource: Resource, body: Object) -> None:
        name = body["metadata"]["name"]
        if resource.plural == "events" or self.server.storage.find(resource, ("default", name)):
            return
        self.made[resource.kind, name] += 1
        if resource == WORKFLOW_RUNS:
            self.runs.append(_told(body["spec"]))

    @property
    def way(self) -> NotedWrites:
        """The controller's way to the server."""
        assert isinstance(self.transport, NotedWrites)
        return self.transport

    def restart(self) -> None:
        """Begin another life of the controller: at first, each key has a turn, runs before all."""
        super().restart()
        self.way.ended = False
        self.again: dict[Key, datetime] = {}
        events = EventRecorder(self.client, self.clock, "test")
        definitions = self.world.definitions
        parts = (self.caches, self.client, definitions, events, self.clock)
        self.workflows = WorkflowWorld(*parts)
        backfills = BackfillWorld(*parts)
        runs, pools = self.world, (self.pools, self.statuses)
        self.subjects = subjects(runs, self.workflows, *pools, backfills, lambda _key: None)
        super().tell()
        self.woken[:] = [*self.caches.keys(""), *KEYS]

    def tell(self) -> None:
        """Tell the caches the news, and the queue which workflows somebody has changed."""
        for change in self.server.storage.since(self._told):
            meta = change.last["metadata"]
            key = WorkflowKey(meta["namespace"], meta["name"])
            ours = self.workflows.wrote(key, meta["resourceVersion"])
            if change.resource == WORKFLOWS and not ours:
                self.woken.append(key)
        super().tell()

    async def start(self, kept: int) -> None:
        """Let people create the workflows, and a second run of the first one, which fails."""
        for name, spec in specs(kept).items():
            await self._give(WORKFLOWS, name, spec)
        await self._give(WORKFLOW_RUNS, "bad", {"workflow": "first"})

    async def _give(self, resource: Resource, name: str, spec: dict[str, Any]) -> None:
        await self.people.client.create(resource, manifest(resource, name, spec), OwnObject)

    async def live(self) -> None:
        """Let all that is asked for come to its end."""
        for _ in range(STEPS):
            self._move()
            now = self.clock()
            planned = self.again | self.due
            due = [key for key, moment in planned.items() if moment <= now]
            keys = dict.fromkeys((*self.woken, *due))
            self.woken.clear()
            for key in keys:
                await self._turn(key)
            if keys:
                continue
            if self._running():
                await sleep(PROGRAM)
                self._end_programs()
                continue
            moments = [moment for moment in planned.values() if moment <= now + LONGEST]
            if not moments:
                return
            await sleep((min(moments) - now).total_seconds())
        raise AssertionError("the story does not end")

    def _move(self) -> None:
        """Let the cluster do what it does by itself, and tell the controller."""
        self.pods.settle()
        self.tell()

    def _note_ends(self) -> None:
        for run in self.server.storage.all(WORKFLOW_RUNS):
            status = run.get("status", {})
            if status.get("completionTime"):
                (how,) = (each for each in status["conditions"] if each["type"] == "Succeeded")
                told = (run["spec"]["workflow"], how["reason"], str(status.get("outputs")))
                self.ends[run["metadata"]["name"]] = told

    async def _turn(self, key: Key) -> None:
        self.again.pop(key, None)
        self.due.pop(key, None)  # type: ignore[arg-type]
        again = None
        try:
            again = await turn(self.subjects[type(key)], key, self.clock())
        except StaleError:
            self.woken.append(key)
        except CrashError:
            await self._crashed()
            return
        except ClusterError:
            again = self.clock() + AGAIN
        self._note_ends()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        results = await asyncio.gather(*others, return_exceptions=True)
        if any(isinstance(each, CrashError) for each in results):
            await self._crashed()
        elif again is not None:
            self.again[key] = again

    async def _crashed(self) -> None:
        """Let a while pass without a controller; meanwhile programs end."""
        if self.away:
            await sleep(self.away / 2)
            self.pods.settle()
            self._end_programs()
            await sleep(self.away / 2)
        self.restart()

    def _running(self) -> list[Object]:
        return [job for job in self.server.storage.all(JOBS) if not finished(job)]

    def _end_programs(self) -> None:
        """Let each program end as planned."""
        for job in self._running():
            own = job["metadata"]["labels"]
            fails = own[labels.RUN] == "bad" or (
                own[labels.WORKFLOW] == "second" and own[labels.ATTEMPT] == "1"
            )
            self.pods.end(job, 3 if fails else 0, "" if fails else ROWS)

    def summary(self) -> tuple[Any, ...]:
        """Return all that must not depend on what went wrong."""
        count = Counter(kind for kind, _ in self.made)
        missed = [self._status(key.name).get("missedRuns", 0) for key in KEYS]
        return sorted(self.runs), sorted(self.ends.values()), count, missed

    def _status(self, name: str) -> dict[str, Any]:
        item = self.server.storage.find(WORKFLOWS, ("default", name))
        assert item is not None
        status: dict[str, Any] = item["status"]
        return status


def _told(spec: dict[str, Any]) -> tuple[Any, ...]:
    """Return what a run is made of, without what differs by uid or time."""
    before = spec.get("triggeredBy", {})
    return spec["workflow"], str(spec.get("params")), before.get("workflow"), before.get("depth")
