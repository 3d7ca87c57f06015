"""What a workflow's turn does to its runs: `headrace.cluster.subjects.workflow`."""

from typing import Any

import pytest

from headrace.api.v1alpha1 import labels
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import TriggerKind
from headrace.cluster.caches import WorkflowKey
from headrace.cluster.definitions import Revision
from headrace.cluster.events import EventRecorder
from headrace.cluster.kinds import WORKFLOW_RUNS, WORKFLOWS
from headrace.cluster.subjects import workflow
from headrace.cluster.subjects.workflow import WorkflowWorld
from headrace.engine.run.observed import RunLog
from headrace.engine.workflow.observed import NewRun, WorkflowDecision
from headrace.kube.errors import ApiError, not_found
from headrace.kube.resources import CONTROLLER_REVISIONS, Ref
from headrace.manifests.conditions import Past
from headrace.manifests.kube import OwnObject
from headrace.manifests.run_status import run_status
from support.virtual_time import VirtualTimeLoop
from support.world_rig import WorldRig

EVENT_LOOP = VirtualTimeLoop
KEY = WorkflowKey("default", "w")
RUN = Ref(WORKFLOW_RUNS, "default", "x")
CANCEL = WorkflowDecision(cancel=("x",))
DELETE = WorkflowDecision(delete_runs=("x",))


async def looked_at() -> tuple[WorldRig, WorkflowWorld]:
    """Return the world of a workflow with one run, which has been observed."""
    rig = WorldRig()
    await rig.workflow("a")
    await rig.make(WORKFLOW_RUNS, "x", {"workflow": "w"})
    events = EventRecorder(rig.client, rig.clock, "test")
    world = WorkflowWorld(rig.caches, rig.client, rig.world.definitions, events, rig.clock)
    observed = await world.observe(KEY)
    assert observed is not None
    assert ["x"] == [run.name for run in observed.runs]
    return rig, world


async def test_a_run_is_cancelled_and_deleted() -> None:
    """So that the tests below have something to lose."""
    rig, world = await looked_at()
    await world.apply(KEY, CANCEL)
    assert "Cancel" == (await rig.client.get(RUN, OwnObject)).spec["desiredState"]
    await world.tidy(KEY, DELETE)
    with pytest.raises(ApiError) as refused:
        await rig.client.get(RUN, OwnObject)
    assert not_found(refused.value)


async def test_a_run_that_is_made_and_cancelled_in_one_turn() -> None:
    """Of several ticks that are due, Replace keeps the newest; one of them may be there already."""
    rig, world = await looked_at()
    made = tuple(NewRun(name, TriggerKind.SCHEDULE, rig.clock()) for name in ("x", "y"))
    await world.apply(KEY, WorkflowDecision(create=made, cancel=("x", "y")))
    for name in ("x", "y"):
        found = await rig.client.get(Ref(WORKFLOW_RUNS, "default", name), OwnObject)
        assert "Cancel" == found.spec["desiredState"]


@pytest.mark.parametrize("decision", [CANCEL, DELETE], ids=["cancel", "delete"])
async def test_a_run_that_was_made_anew_is_not_the_one_that_was_decided_upon(
    decision: WorkflowDecision,
) -> None:
    """Somebody deletes a run and makes another of its name in the middle of a turn."""
    rig, world = await looked_at()
    anew = await rig.replace(WORKFLOW_RUNS, "x", {"workflow": "w", "params": {"by": "hand"}})
    await world.apply(KEY, decision)
    await world.tidy(KEY, decision)
    assert anew == await rig.client.get(RUN, OwnObject)


async def test_a_spec_that_changed_is_read_anew() -> None:
    """It is parsed once a generation, and not once for ever."""
    rig, world = await looked_at()
    for suspend in (True, False):
        body = {"spec": {"suspend": suspend}}
        await rig.client.patch(Ref(WORKFLOWS, "default", "w"), body, OwnObject)
        for _ in range(2):
            observed = await world.observe(KEY)
            assert observed is not None
            assert observed.spec is not None
            assert suspend is observed.spec.suspend


async def test_the_history_of_somebody_else_is_not_ours_to_delete() -> None:
    """The pods of a StatefulSet may have our label, and so its revisions have it."""
    rig = WorldRig()
    await rig.workflow("a")
    ours = {labels.WORKFLOW: "w", labels.MANAGED_BY: labels.HEADRACE}
    for name, marked in (("db-1", {labels.WORKFLOW: "w"}), ("w-old", ours)):
        meta = {"name": name, "namespace": "default", "labels": marked}
        manifest = {"apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": meta}
        await rig.client.create(CONTROLLER_REVISIONS, {**manifest, "revision": 1}, Revision)
    events = EventRecorder(rig.client, rig.clock, "test")
    world = WorkflowWorld(rig.caches, rig.client, rig.world.definitions, events, rig.clock)
    observed = await world.observe(KEY)
    assert observed is not None
    assert ("w-old",) == observed.revisions


async def test_a_run_is_read_once_a_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands may wait, and the end of each is a turn of their workflow."""
    rig, world = await looked_at()
    reads: list[dict[str, Any]] = []
    real = workflow.read_run_status

    def counting(written: dict[str, Any]) -> RunLog:
        reads.append(written)
        return real(written)

    monkeypatch.setattr(workflow, "read_run_status", counting)
    await world.observe(KEY)
    assert [] == reads
    log = RunLog(reason=Reason.RUNNING, started=rig.clock())
    body = {"status": run_status(log, Past(rig.clock()))}
    rig.caches.runs.put(await rig.client.patch_status(RUN, body, OwnObject))
    for _ in range(2):
        observed = await world.observe(KEY)
        assert observed is not None
        assert [True] == [run.began for run in observed.runs]
    assert 1 == len(reads)
