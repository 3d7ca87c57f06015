"""Situations in which the world of workflows has something to show: see `situations`."""

from asyncio import sleep
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from headrace.api.v1alpha1.labels import ARCHIVED
from headrace.api.v1alpha1.run import DesiredState
from headrace.cluster.caches import WorkflowKey
from headrace.cluster.events import EventRecorder
from headrace.cluster.kinds import WORKFLOW_RUNS, WORKFLOWS
from headrace.cluster.subjects.workflow import WorkflowWorld
from headrace.engine.archive import ArchiveTerms
from headrace.engine.run.observed import RunKey
from headrace.engine.workflow.observed import ObservedWorkflow
from headrace.engine.workflow.supervise import supervise
from headrace.kube.resources import JOBS, NAMESPACES, Ref
from headrace.manifests.kube import OwnObject
from support.backfill_rig import WORKFLOW, BackfillRig, days
from support.pods_by_hand import PodsByHand
from support.world_rig import WorldRig

Note = Callable[[ObservedWorkflow | None], None]

KEY: Final = WorkflowKey("default", "w")
SPEC: Final[dict[str, Any]] = {
    "tasks": [{"name": "a", "image": "busybox"}],
    "triggers": [{"schedule": {"everySeconds": 60}}, {"onApply": {}}],
    "concurrency": {"policy": "Queue"},
}


class WorkflowRig(WorldRig):
    """A workflow whose runs go on as a test says; all that its world shows is noted."""

    def __init__(self, note: Note) -> None:
        super().__init__()
        self.note = note
        self.pods = PodsByHand(self.server)
        events = EventRecorder(self.client, self.clock, "test")
        definitions = self.world.definitions
        parts = (self.caches, self.client, definitions, events, self.clock)
        self.workflows = WorkflowWorld(*parts, archive=self.archive)

    async def look(self, key: WorkflowKey = KEY) -> None:
        """Give a workflow a turn, then each run."""
        observed = await self.workflows.observe(key)
        self.note(observed)
        if observed is not None:
            decision = supervise(observed, self.clock())
            await self.workflows.apply(key, decision)
            self.note(await self.workflows.observe(key))
            await self.workflows.record(key, decision)
            await self.workflows.tidy(key, decision)
        for run in self.caches.runs:
            await self.turn(RunKey(run.metadata.namespace, run.metadata.name))
        self.pods.settle()
        self.tell()
        self.note(await self.workflows.observe(key))

    async def end_all(self) -> None:
        """Let all programs end well."""
        for job in self.server.storage.all(JOBS):
            self.pods.end(job, 0)
        self.tell()

    async def say(self, **spec: Any) -> None:
        """Let somebody change the workflow."""
        await self.client.patch(Ref(WORKFLOWS, "default", "w"), {"spec": spec}, OwnObject)

    async def cancel_all(self) -> None:
        """Let somebody cancel all runs."""
        for run in self.caches.runs:
            body = {"spec": {"desiredState": DesiredState.CANCEL.value}}
            await self.client.patch(Ref(WORKFLOW_RUNS, *run.metadata.key), body, OwnObject)
        self.tell()


async def a_life(note: Note) -> None:
    """Let runs be due, be missed, wait and end; then the workflow breaks, and is deleted."""
    rig = WorkflowRig(note)
    await rig.make(WORKFLOWS, "w", SPEC)
    await rig.look()
    await sleep(61)
    await rig.look()
    await rig.end_all()
    await rig.look()
    await sleep(600)
    await rig.look()
    await rig.cancel_all()
    await rig.look()
    await rig.make(WORKFLOW_RUNS, "again", {"workflow": "w", "rerunOf": {"name": "w-1"}})
    await rig.look()
    await rig.say(tasks=[{"name": "a", "image": "busybox", "dependsOn": ["nobody"]}])
    await rig.look()
    await rig.say(tasks=[{"name": "a", "uses": "nobody@v1"}])
    await rig.look()
    await rig.client.delete(Ref(WORKFLOWS, "default", "w"))
    await rig.look()


async def calls(note: Note) -> None:
    """Let a run of the workflow be called by another one of it, through a second workflow."""
    rig = WorkflowRig(note)
    await rig.make(WORKFLOWS, "m", {"tasks": [{"name": "back", "workflow": {"name": "w"}}]})
    await rig.make(WORKFLOWS, "w", {"tasks": [{"name": "call", "workflow": {"name": "m"}}]})
    for _ in range(4):
        await rig.look()


async def follows(note: Note) -> None:
    """Let the workflow start when a run of another one ends, and let another one follow it."""
    rig = WorkflowRig(note)
    task = {"name": "a", "image": "busybox"}
    rows_of_first = {"name": "first", "paramsFrom": [{"name": "rows", "output": "rows"}]}
    elsewhere = {"name": "closed", "namespace": "other"}
    after = [{"workflow": rows_of_first}, {"workflow": elsewhere}]
    give = [{"name": "rows", "expression": "tasks.a.outcome"}]
    tick = {"schedule": {"everySeconds": 60}}
    await rig.make(WORKFLOWS, "first", {"tasks": [task], "outputs": give, "triggers": [tick]})
    rows = [{"name": "rows", "default": "none"}]
    await rig.make(WORKFLOWS, "w", {"tasks": [task], "params": rows, "triggers": after})
    await rig.client.create(NAMESPACES, {"metadata": {"name": "other"}}, dict)
    await rig.make(WORKFLOWS, "closed", {"tasks": [task], "suspend": True}, "other")
    await rig.make(WORKFLOW_RUNS, "closed-1", {"workflow": "closed"}, "other")
    last = {"tasks": [task], "triggers": [{"workflow": {"name": "w"}}]}
    await rig.make(WORKFLOWS, "last", last)
    for key in (WorkflowKey("default", name) for name in ("last", "w", "first")):
        await rig.look(key)
    await sleep(61)
    await rig.look(WorkflowKey("default", "first"))
    for _ in range(4):
        await rig.end_all()
        await rig.look()
        await rig.look(WorkflowKey("default", "last"))


async def backfills(note: Note) -> None:
    """Let a backfill create a run, which ends before it is counted."""
    rig = BackfillRig()
    await rig.start(days(1, 2))
    await rig.look()
    await rig.end(*rig.active)
    rig.tell()
    note(await rig.workflows.observe(WORKFLOW))


async def deliveries(note: Note) -> None:
    """Let a receiver create the run of a delivery."""
    rig = WorkflowRig(note)
    hook = {"scheme": "GitHub", "secretRef": {"name": "s"}}
    await rig.make(WORKFLOWS, "w", {**SPEC, "triggers": [{"webhook": hook}]})
    run = {"workflow": "w", "trigger": "Webhook", "delivery": {"id": "d-1"}}
    await rig.make(WORKFLOW_RUNS, "w-wabc", run)
    await rig.look()


class ArchivedRig(WorkflowRig):
    """The same, beside an archive."""

    archive = ArchiveTerms(timedelta(hours=1))


async def is_archived(note: Note) -> None:
    """Let a run end, and the archive mark it."""
    rig = ArchivedRig(note)
    await rig.make(WORKFLOWS, "w", {"tasks": [{"name": "a", "image": "busybox"}]})
    await rig.look()
    await rig.end_all()
    await rig.look()
    mark = {"metadata": {"annotations": {ARCHIVED: "2030-01-01T00:00:00Z"}}}
    await rig.client.patch(Ref(WORKFLOW_RUNS, "default", "w-once"), mark, OwnObject)
    rig.tell()
    await rig.look()


SITUATIONS: Final = (is_archived, a_life, calls, follows, backfills, deliveries)
