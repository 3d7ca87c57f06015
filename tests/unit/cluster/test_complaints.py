"""What keeps turns from ending well is shown on the object itself."""

from datetime import UTC, datetime
from typing import Any

from headrace.api.v1alpha1.reasons import Reason
from headrace.cluster.caches import Caches, WorkflowKey
from headrace.cluster.definitions import Definitions
from headrace.cluster.events import EventRecorder
from headrace.cluster.hooks import Hooks
from headrace.cluster.kinds import TASK_RUNS, WORKFLOW_RUNS, WORKFLOWS
from headrace.cluster.subjects.run import ClusterWorld
from headrace.cluster.subjects.workflow import WorkflowWorld
from headrace.engine.run.observed import RunKey, RunKind
from headrace.kube.resources import Ref, Resource
from headrace.manifests.kube import OwnObject
from support.evaluation import evaluate_here
from support.plumbing import Rig, manifest

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
ALONE = RunKind.TASK_RUN
DENIED = "403 Forbidden: cannot patch resource"


class Bench:
    """A world over a server in memory."""

    def __init__(self) -> None:
        self.rig = Rig()
        client, clock = self.rig.client, lambda: NOON
        self.caches = Caches(lambda _: None, lambda _: None)
        events = EventRecorder(client, clock, "test")
        hooks = Hooks(clock, lambda _key, _seconds: None, events, evaluate_here)
        self.runs = ClusterWorld(self.caches, client, hooks)
        self.workflows = WorkflowWorld(
            *(self.caches, client, Definitions(client, self.caches.templates)), events, clock
        )

    async def make(self, resource: Resource, spec: dict[str, Any], **status: Any) -> OwnObject:
        """Make an object named `it`, with a status."""
        await self.rig.client.create(resource, manifest(resource, "it", spec), OwnObject)
        ref = Ref(resource, "default", "it")
        return await self.rig.client.patch_status(ref, {"status": status}, OwnObject)

    async def condition(self, resource: Resource, kind: str) -> tuple[str, str, str]:
        """Return status, reason and message of the object's condition."""
        found = await self.rig.client.get(Ref(resource, "default", "it"), OwnObject)
        conditions = found.status.get("conditions", ())
        return next(
            (c["status"], c["reason"], c["message"]) for c in conditions if c["type"] == kind
        )


async def test_a_run_tells_what_keeps_it() -> None:
    """The run goes on, as far as anybody knows, and says what is in the way."""
    bench = Bench()
    run = await bench.make(WORKFLOW_RUNS, {"workflow": "w"}, started="0-3")
    bench.caches.runs.put(run)

    await bench.runs.complain(RunKey("default", "it"), Reason.FORBIDDEN, DENIED)

    told = await bench.condition(WORKFLOW_RUNS, "Succeeded")
    assert ("Unknown", "Forbidden", DENIED) == told
    assert ("True", "Forbidden", "") == await bench.condition(WORKFLOW_RUNS, "Stalled")
    assert (
        "0-3"
        == (await bench.rig.client.get(Ref(WORKFLOW_RUNS, "default", "it"), OwnObject)).status[
            "started"
        ]
    )


async def test_a_task_on_its_own_tells_what_keeps_it() -> None:
    """A TaskRun that is a run itself has nobody else to tell it."""
    bench = Bench()
    bench.caches.task_runs.put(await bench.make(TASK_RUNS, {"image": "busybox"}))

    await bench.runs.complain(RunKey("default", "it", ALONE), Reason.INTERNAL_ERROR, "a defect")

    assert ("Unknown", "InternalError", "a defect") == await bench.condition(TASK_RUNS, "Succeeded")
    assert ("True", "InternalError", "") == await bench.condition(TASK_RUNS, "Stalled")


async def test_a_run_that_has_ended_complains_no_more() -> None:
    """A terminal condition is never overwritten."""
    bench = Bench()
    run = await bench.make(
        WORKFLOW_RUNS, {"workflow": "w"}, completionTime="2030-01-01T11:00:00Z", progress="1/1"
    )
    bench.caches.runs.put(run)
    bench.rig.seen.clear()

    await bench.runs.complain(RunKey("default", "it"), Reason.FORBIDDEN, DENIED)

    assert [] == bench.rig.seen


async def test_a_workflow_tells_what_keeps_it_once() -> None:
    """It is not Ready but Stalled; the same complaint is not written a second time."""
    bench = Bench()
    await bench.make(WORKFLOWS, {"tasks": [{"name": "a", "image": "busybox"}]})
    key = WorkflowKey("default", "it")
    await bench.workflows.observe(key)

    await bench.workflows.complain(key, Reason.FORBIDDEN, DENIED)
    await bench.workflows.observe(key)
    bench.rig.seen.clear()
    await bench.workflows.complain(key, Reason.FORBIDDEN, DENIED)

    assert ("False", "Forbidden", DENIED) == await bench.condition(WORKFLOWS, "Ready")
    assert ("True", "Forbidden", "") == await bench.condition(WORKFLOWS, "Stalled")
    assert [("get", 200)] * 2 == bench.rig.seen


async def test_the_same_complaint_of_a_run_is_written_once() -> None:
    """However often the turn is tried again."""
    bench = Bench()
    bench.caches.runs.put(await bench.make(WORKFLOW_RUNS, {"workflow": "w"}))
    bench.rig.seen.clear()

    for _ in range(4):
        await bench.runs.complain(RunKey("default", "it"), Reason.FORBIDDEN, DENIED)

    assert [("patch", 200)] == bench.rig.seen


async def test_a_log_that_cannot_be_read_is_not_written_over() -> None:
    """An empty one in its place would let the attempt run again."""
    bench = Bench()
    odd = {"number": 1, "reason": "Nonsense"}
    bench.caches.task_runs.put(await bench.make(TASK_RUNS, {"image": "busybox"}, attempts=[odd]))
    bench.rig.seen.clear()

    await bench.runs.complain(RunKey("default", "it", ALONE), Reason.FORBIDDEN, DENIED)

    assert [] == bench.rig.seen
