"""Specs that are too large to be kept are asked for: `headrace.cluster.specs`."""

import gc

import msgspec
import pytest

from headrace.api.reading.parse import parse_run, parse_task_run
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.taskrun import TaskRunSpec
from headrace.cluster.events import EventRecorder
from headrace.cluster.kinds import TASK_RUNS, WORKFLOW_RUNS, WORKFLOWS
from headrace.cluster.specs import KEPT_BYTES, Specs
from headrace.cluster.subjects.workflow import WorkflowKey, WorkflowWorld
from headrace.engine.outcome import Outcome
from headrace.engine.run.observed import RunKey, RunKind
from headrace.engine.task.observed import TaskLog
from headrace.kube.errors import StaleError
from headrace.kube.resources import JOBS, Ref, Resource
from headrace.manifests.conditions import Past
from headrace.manifests.kube import OwnObject, WorkflowObject
from headrace.manifests.task_status import task_status
from support.virtual_time import VirtualTimeLoop
from support.world_rig import WorldRig

EVENT_LOOP = VirtualTimeLoop
ALONE = RunKey("default", "big", RunKind.TASK_RUN)
LARGE = {"image": "busybox", "args": ["x" * 1000] * 100}
PARAMS = [{"name": f"p{n}", "value": "x" * 1000} for n in range(50)]


class Asking(WorldRig):
    """A world that counts what it asks for."""

    def asked_for(self, resource: Resource, name: str) -> int:
        """Return how often an object was read at the API server."""
        target = Ref(resource, "default", name).path
        reads = [each for each in self.transport.requests if each.method == "GET"]
        return sum(each.target == target for each in reads)


async def test_a_task_on_its_own_gets_all_that_it_was_written_with() -> None:
    """However large that is; it is read once, and not in each turn."""
    rig = Asking()
    item = await rig.make(TASK_RUNS, "big", LARGE)
    assert item.cut
    for _ in range(3):
        await rig.turn(ALONE)
    (job,) = rig.server.storage.all(JOBS)
    assert LARGE["args"] == job["spec"]["template"]["spec"]["containers"][0]["args"]
    assert 1 == rig.asked_for(TASK_RUNS, "big")


async def test_of_a_task_that_has_ended_nothing_is_asked() -> None:
    """After a restart there may be thousands of them."""
    rig = Asking()
    item = await rig.make(TASK_RUNS, "big", LARGE)
    end = TaskLog(outcome=Outcome.FAILED, finished=rig.clock(), reason=Reason.INVALID_DEFINITION)
    body = {"status": task_status(end, Past(rig.clock()))}
    ref = Ref(TASK_RUNS, "default", "big")
    rig.caches.task_runs.put(await rig.client.patch_status(ref, body, OwnObject))
    await rig.turn(ALONE)
    assert item.cut
    assert 0 == rig.asked_for(TASK_RUNS, "big")
    assert [] == list(rig.server.storage.all(JOBS))


async def test_a_run_gets_all_of_its_parameters() -> None:
    """And what is wanted of it is seen without asking."""
    rig = Asking()
    await rig.workflow("a")
    item = await rig.make(WORKFLOW_RUNS, "x", {"workflow": "w", "params": PARAMS})
    assert item.cut
    run = await rig.world.observe(RunKey("default", "x"))
    assert run is not None
    assert {each["name"]: each["value"] for each in PARAMS} == run.given
    assert 1 == rig.asked_for(WORKFLOW_RUNS, "x")
    ref = Ref(WORKFLOW_RUNS, "default", "x")
    patch = {"spec": {"desiredState": "Cancel"}}
    rig.caches.runs.put(await rig.client.patch(ref, patch, OwnObject))
    known = rig.caches.runs.get("default", "x")
    assert known is not None
    assert "Cancel" == known.spec["desiredState"]
    await rig.world.observe(RunKey("default", "x"))
    assert 2 == rig.asked_for(WORKFLOW_RUNS, "x"), "once a generation"


async def test_what_claims_a_place_in_a_run_is_refused_whatever_else_it_says() -> None:
    """The rest of its spec is not even read."""
    rig = Asking()
    await rig.make(TASK_RUNS, "big", {"run": "other", "task": "a", **LARGE})
    seen = await rig.world.observe(ALONE)
    assert seen is not None
    assert seen.refusal is not None
    assert Reason.NOT_OF_THE_RUN is seen.refusal[0]
    assert 0 == rig.asked_for(TASK_RUNS, "big")


@pytest.mark.parametrize("again", [False, True], ids=["it is gone", "another has its name"])
async def test_an_object_that_went_meanwhile_is_looked_at_again(*, again: bool) -> None:
    """The spec of another one would be a program that nobody asked for."""
    rig = Asking()
    item = await rig.make(TASK_RUNS, "big", LARGE)
    await rig.client.delete(Ref(TASK_RUNS, "default", "big"))
    if again:
        await rig.client.create(
            TASK_RUNS, {"metadata": {"name": "big", "namespace": "default"}, "spec": {}}, OwnObject
        )
    with pytest.raises(StaleError):
        await Specs(rig.client).of(TASK_RUNS, item, parse_task_run)


async def test_what_is_wrong_with_a_large_spec_is_told() -> None:
    """In the words that a small one gets."""
    rig = Asking()
    item = await rig.make(WORKFLOW_RUNS, "x", {"workflow": "w", "parms": PARAMS})
    told = await Specs(rig.client).of(WORKFLOW_RUNS, item, parse_run)
    assert isinstance(told, str)
    assert "spec.parms" in told


async def test_all_specs_together_have_a_bound() -> None:
    """Some thousand tasks that wait may be as large as they like."""
    rig = Asking()
    specs = Specs(rig.client)
    each = {"image": "busybox", "args": ["x" * 10_000] * 40}
    for number in range(2 * KEPT_BYTES // 400_000):
        item = await rig.make(TASK_RUNS, f"t{number}", each)
        assert isinstance(await specs.of(TASK_RUNS, item, parse_task_run), TaskRunSpec)
    gc.collect()
    alive = [item for item in gc.get_objects() if isinstance(item, TaskRunSpec)]
    assert sum(len(msgspec.json.encode(item.args)) for item in alive) <= KEPT_BYTES


async def test_of_a_workflow_that_was_looked_at_no_definition_stays() -> None:
    """Only a bounded amount of definitions is kept, and no spec beside them."""
    rig = Asking()
    definitions = rig.world.definitions
    events = EventRecorder(rig.client, rig.clock, "test")
    world = WorkflowWorld(rig.caches, rig.client, definitions, events, rig.clock)
    task = {"name": "a", "image": "busybox", "args": ["x" * 1000] * 20}
    more = {"description": "x" * 1000, "defaults": {"image": "i"}, "params": [{"name": "p"}]}
    await rig.make(WORKFLOWS, "w", {"tasks": [task], **more})
    seen = await world.observe(WorkflowKey("default", "w"))
    assert seen is not None
    assert seen.spec is not None
    assert ("", (), None) == (seen.spec.description, seen.spec.params, seen.spec.defaults.image)
    gc.collect()
    alive = [item for item in gc.get_objects() if isinstance(item, WorkflowObject)]
    assert [b""] == [bytes(item.spec) for item in alive]
