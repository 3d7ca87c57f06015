"""Runs as they are read: `headrace.cluster.run_reader`, and the workflows beside them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from headrace.api.v1alpha1.reasons import Reason
from headrace.cluster.caches import Caches, WorkflowKey
from headrace.cluster.events import EventRecorder
from headrace.cluster.hooks import Hooks
from headrace.cluster.kinds import TASK_RUNS, WORKFLOW_RUNS, WORKFLOWS
from headrace.cluster.subjects.run import ClusterWorld
from headrace.cluster.subjects.workflow import WorkflowWorld
from headrace.engine.run.observed import ObservedRun, RunKey
from headrace.kube.resources import Ref, Resource
from headrace.manifests.kube import OwnObject
from headrace.manifests.objects import owner
from support.evaluation import evaluate_here
from support.plumbing import Rig, manifest

LATER = datetime(2040, 1, 1, tzinfo=UTC)
STARTED = LATER.isoformat()


class Bench:
    """A world over a server in memory."""

    def __init__(self) -> None:
        self.rig = Rig()
        self.now = LATER
        client, clock = self.rig.client, lambda: self.now
        self.caches = Caches(lambda _: None, lambda _: None)
        events = EventRecorder(client, clock, "test")
        hooks = Hooks(clock, lambda _key, _seconds: None, events, evaluate_here)
        self.runs = ClusterWorld(self.caches, client, hooks)
        definitions = self.runs.definitions
        self.workflows = WorkflowWorld(self.caches, client, definitions, events, clock)

    async def make(self, resource: Resource, name: str, spec: Any, **status: Any) -> None:
        """Make an object with a status."""
        body = manifest(resource, name, spec)
        run = self.caches.runs.get("default", spec.get("run", ""))
        if run is not None:
            body["metadata"]["ownerReferences"] = [
                owner("WorkflowRun", run.metadata.name, run.metadata.uid)
            ]
        await self.rig.client.create(resource, body, OwnObject)
        await self.tell(resource, name, **status)

    async def tell(self, resource: Resource, name: str, **status: Any) -> None:
        """Write a status, and let the caches know."""
        ref = Ref(resource, "default", name)
        written = await self.rig.client.patch_status(ref, {"status": status}, OwnObject)
        if resource is WORKFLOW_RUNS:
            self.caches.runs.put(written)
        if resource is TASK_RUNS:
            self.caches.task_runs.put(written)

    async def edit(self, **spec: Any) -> None:
        """Let somebody change the workflow."""
        await self.rig.client.patch(Ref(WORKFLOWS, "default", "etl"), {"spec": spec}, OwnObject)

    async def read(self, name: str) -> ObservedRun:
        """Return a run."""
        run = await self.runs.observe(RunKey("default", name))
        assert run is not None
        return run


def workflow(max_runs: int) -> dict[str, Any]:
    """Return the spec of a workflow with a queue."""
    task = {"name": "only", "image": "busybox", "command": ["true"]}
    return {"tasks": [task], "concurrency": {"policy": "Queue", "maxRuns": max_runs}}


def max_runs(run: ObservedRun) -> int | None:
    """Return how many runs may be active, as a run has it."""
    assert run.definition is not None
    return run.definition.concurrency.max_runs


async def test_a_time_in_small_letters_stops_nobody() -> None:
    """The API takes `t` and `z`; of a time that it should not have taken the creation stands in."""
    bench = Bench()
    await bench.make(WORKFLOWS, "etl", workflow(1))
    for name, time in (("small", "2026-11-22t01:30:00z"), ("odd", "2026-11-22")):
        spec = {"workflow": "etl", "logicalTime": time}
        await bench.make(WORKFLOW_RUNS, name, spec, progress="")
    siblings = {each.name: each for each in (await bench.read("small")).siblings}
    seen = await bench.workflows.observe(WorkflowKey("default", "etl"))
    assert seen is not None
    known = {each.name: each for each in seen.runs}
    for found in (siblings, known):
        assert datetime(2026, 11, 22, 1, 30, tzinfo=UTC) == found["small"].logical_time
        assert found["odd"].created == found["odd"].logical_time


async def test_a_run_that_waits_follows_its_workflow() -> None:
    """Until it begins, it takes what its author asks for now: a larger maxRuns lets it begin."""
    bench = Bench()
    await bench.make(WORKFLOWS, "etl", workflow(1))
    await bench.make(WORKFLOW_RUNS, "waits", {"workflow": "etl"}, progress="")
    first = await bench.read("waits")
    await bench.tell(WORKFLOW_RUNS, "waits", revision=first.log.revision)
    await bench.edit(**workflow(5))
    assert 1 == max_runs(first)
    assert 5 == max_runs(await bench.read("waits"))


async def test_a_run_that_began_keeps_its_definition() -> None:
    """Editing a workflow changes no running run, nor one that has ended."""
    bench = Bench()
    await bench.make(WORKFLOWS, "etl", workflow(1))
    await bench.make(WORKFLOW_RUNS, "runs", {"workflow": "etl"}, progress="")
    first = await bench.read("runs")
    await bench.edit(**workflow(5))
    for more in ({"startTime": STARTED}, {"started": "0"}, {"completionTime": STARTED}):
        await bench.tell(WORKFLOW_RUNS, "runs", revision=first.log.revision, **more)
        assert first.log.revision == (await bench.read("runs")).log.revision


async def test_a_run_whose_status_nobody_can_read_keeps_its_definition() -> None:
    """It has TaskRuns, so it has begun: the revision that it names is the one it began with."""
    bench = Bench()
    await bench.make(WORKFLOWS, "etl", workflow(1))
    await bench.make(WORKFLOW_RUNS, "runs", {"workflow": "etl"}, progress="")
    first = await bench.read("runs")
    await bench.make(TASK_RUNS, "runs.a", {"run": "runs", "task": "a", "image": "busybox"})
    await bench.edit(**workflow(5))
    await bench.tell(WORKFLOW_RUNS, "runs", revision=first.log.revision, started="x-y")
    assert first.log.revision == (await bench.read("runs")).log.revision


async def test_a_run_that_waits_outlives_its_workflow() -> None:
    """Deleted or broken meanwhile: then it takes the definition that it noted last."""
    bench = Bench()
    await bench.make(WORKFLOWS, "etl", workflow(1))
    await bench.make(WORKFLOW_RUNS, "waits", {"workflow": "etl"}, progress="")
    revision = (await bench.read("waits")).log.revision
    await bench.tell(WORKFLOW_RUNS, "waits", revision=revision)
    await bench.edit(tasks=[{**workflow(1)["tasks"][0], "dependsOn": ["only"]}])
    assert revision == (await bench.read("waits")).log.revision
    await bench.rig.client.delete(Ref(WORKFLOWS, "default", "etl"))
    bench.now += timedelta(days=1)
    assert revision == (await bench.read("waits")).log.revision


async def test_a_run_of_a_workflow_that_is_broken_is_refused() -> None:
    """It has noted no other definition."""
    bench = Bench()
    broken = {**workflow(1), "tasks": [{**workflow(1)["tasks"][0], "dependsOn": ["only"]}]}
    await bench.make(WORKFLOWS, "etl", broken)
    await bench.make(WORKFLOW_RUNS, "new", {"workflow": "etl"}, progress="")
    refusal = (await bench.read("new")).refusal
    assert refusal is not None
    assert Reason.INVALID_DEFINITION == refusal[0]


async def test_a_run_with_a_wish_that_nobody_knows_shows_its_tasks() -> None:
    """A newer controller knew it: the run cannot go on here, and what it began must end."""
    bench = Bench()
    await bench.make(WORKFLOW_RUNS, "one", {"workflow": "etl"}, startTime=STARTED)
    await bench.make(TASK_RUNS, "one-only", {"run": "one", "task": "only", "image": "busybox"})
    patch = {"spec": {"desiredState": "Fly"}}
    ref = Ref(WORKFLOW_RUNS, "default", "one")
    bench.caches.runs.put(await bench.rig.client.patch(ref, patch, OwnObject))
    run = await bench.read("one")
    assert run.refusal is not None
    assert run.refusal[1].startswith("spec.desiredState: 'Fly' is not known")
    assert {"only"} == run.tasks.keys()
