"""
Backfills and their workflow over the API server in memory. The runs end as a test says.

The controller's writes are noted, and may fail. People and programs have a way of their own.
"""

from asyncio import sleep
from collections import Counter
from datetime import UTC, datetime
from typing import Any, Final

from headrace.api.v1alpha1.reasons import Reason
from headrace.cluster.backfills import BackfillKey
from headrace.cluster.caches import WorkflowKey
from headrace.cluster.events import EventRecorder
from headrace.cluster.kinds import BACKFILLS, WORKFLOW_RUNS, WORKFLOWS
from headrace.cluster.subjects.backfill import BackfillWorld
from headrace.cluster.subjects.workflow import WorkflowWorld
from headrace.controller.subjects import Backfills, Workflows
from headrace.engine.run.observed import Inheritance, RunLog
from headrace.engine.workflow.audience import TO_LEARN
from headrace.kube.errors import ApiError, ClusterError, StaleError, not_found
from headrace.kube.resources import Ref
from headrace.loop.subject import turn
from headrace.manifests.conditions import Past
from headrace.manifests.kube import OwnObject
from headrace.manifests.run_status import run_status
from support.api_server import ApiServer
from support.api_writes import NotedWrites
from support.fake_cluster import CrashError
from support.plumbing import Rig
from support.world_rig import WorldRig

KEY: Final = BackfillKey("default", "b")
WORKFLOW: Final = WorkflowKey("default", "w")
NIGHTLY: Final[dict[str, Any]] = {"cron": "30 2 * * *", "timeZone": "Europe/Berlin"}
TRIES: Final = 50


class BackfillRig(WorldRig):
    """A workflow `w` and a backfill `b` of it."""

    def __init__(self) -> None:
        server = ApiServer()
        self.people = Rig(server)
        self.made: Counter[str] = Counter()
        """How often each run was created."""
        self.repeated: Counter[str] = Counter()
        """How often a rerun of each run was created."""
        server.admit = self._count
        super().__init__(server=server, way=NotedWrites)

    def _count(self, resource: Any, body: dict[str, Any]) -> None:
        name = body["metadata"]["name"]
        known = self.server.storage.find(resource, ("default", name))
        if resource == WORKFLOW_RUNS and known is None:
            self.made[name] += 1
            source = body["spec"].get("rerunOf")
            if source is not None:
                self.repeated[source["name"]] += 1

    @property
    def way(self) -> NotedWrites:
        """The controller's way to the server."""
        assert isinstance(self.transport, NotedWrites)
        return self.transport

    def restart(self) -> None:
        """Begin another life of the controller."""
        super().restart()
        self.way.ended = False
        events = EventRecorder(self.client, self.clock, "test")
        definitions = self.world.definitions
        parts = (self.caches, self.client, definitions, events, self.clock)
        self.workflows = Workflows(WorkflowWorld(*parts), lambda _: None)
        self.backfill_world = BackfillWorld(*parts)
        self.backfills = Backfills(self.backfill_world)

    async def start(self, backfill: dict[str, Any], **workflow: Any) -> None:
        """Let people create the workflow and the backfill, when the controller is no more new."""
        await self.look()
        await sleep(TO_LEARN.total_seconds())
        task = {"name": "a", "image": "busybox"}
        triggers = [{"schedule": NIGHTLY}]
        await self.give(WORKFLOWS, "w", {"tasks": [task], "triggers": triggers, **workflow})
        await self.give(BACKFILLS, "b", {"workflow": "w", **backfill})

    async def give(self, resource: Any, name: str, spec: dict[str, Any]) -> None:
        """Let somebody create an object."""
        meta = {"name": name, "namespace": "default"}
        body = {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": meta}
        await self.people.client.create(resource, {**body, "spec": spec}, OwnObject)

    async def say(self, resource: Any, name: str, **spec: Any) -> None:
        """Let somebody change the spec of an object, if it is there."""
        try:
            ref = Ref(resource, "default", name)
            await self.people.client.patch(ref, {"spec": spec}, OwnObject)
        except ApiError as error:
            if not not_found(error):
                raise

    async def remove(self, resource: Any, name: str) -> None:
        """Let somebody delete an object, if it is there."""
        try:
            await self.people.client.delete(Ref(resource, "default", name))
        except ApiError as error:
            if not not_found(error):
                raise

    async def look(self) -> datetime | None:
        """Give the backfill a turn, then its workflow; after a crash, to another controller."""
        again = None
        for kind, key in (("backfills", KEY), ("workflows", WORKFLOW)):
            for _ in range(TRIES):
                self.tell()
                try:
                    found = await turn(getattr(self, kind), key, self.clock())
                except StaleError:
                    continue
                except CrashError:
                    self.restart()
                    continue
                except ClusterError:
                    continue
                again = found if key is KEY else again
                break
            else:
                raise AssertionError("no turn comes to its end")
        return again

    async def sleep_until_tick(self) -> None:
        """Let time pass until the next night at half past two in Berlin."""
        now = self.clock()
        at = now.replace(hour=1, minute=30, second=1)
        await sleep(((at - now).total_seconds()) % 86_400)

    async def begin(self, name: str) -> None:
        """Let a run begin."""
        status = run_status(RunLog(reason=Reason.RUNNING, started=self.clock()), Past(self.clock()))
        ref = Ref(WORKFLOW_RUNS, "default", name)
        await self.people.client.patch_status(ref, {"status": status}, OwnObject)

    async def end(self, *names: str, succeeded: bool = True, began: bool = True) -> None:
        """Let runs end; a rerun that never `began` took nothing over."""
        for name in names:
            item = self.server.storage.find(WORKFLOW_RUNS, ("default", name))
            assert item is not None
            reason = Reason.SUCCEEDED if succeeded else Reason.FAILED
            taken = Inheritance({}, None, None) if began and "rerunOf" in item["spec"] else None
            now = self.clock()
            log = RunLog(
                succeeded=succeeded, reason=reason, started=now, finished=now, inheritance=taken
            )
            status = run_status(log, Past(self.clock()))
            ref = Ref(WORKFLOW_RUNS, "default", name)
            await self.people.client.patch_status(ref, {"status": status}, OwnObject)

    @property
    def active(self) -> list[str]:
        """The runs that have not ended."""
        runs = self.server.storage.all(WORKFLOW_RUNS)
        return sorted(
            run["metadata"]["name"] for run in runs if not run["status"].get("completionTime")
        )

    @property
    def shown(self) -> dict[str, Any]:
        """The status of the backfill."""
        item = self.server.storage.find(BACKFILLS, ("default", "b"))
        assert item is not None
        status: dict[str, Any] = item["status"]
        return status

    @property
    def state(self) -> tuple[str, str]:
        """The condition Succeeded of the backfill, and its reason."""
        found = next(each for each in self.shown["conditions"] if each["type"] == "Succeeded")
        return found["status"], found["reason"]

    async def live(self) -> None:
        """Let the backfill come to its end: each run ends well, as soon as it is there."""
        for _ in range(1000):
            await self.look()
            if self.shown.get("completionTime"):
                return
            await self.end(*self.active)
        raise AssertionError("the backfill does not end")


def days(first: int, last: int) -> dict[str, str]:
    """Return a span of days of January 2029, before the time of the server in memory."""
    return {"from": f"2029-01-{first:02}T00:00:00Z", "to": f"2029-01-{last:02}T12:00:00Z"}


def name_of(day: int) -> str:
    """Return the name of the run of a night in January 2029."""
    at = datetime(2029, 1, day, 1, 30, tzinfo=UTC)
    return f"w-{int(at.timestamp()) // 60}"
