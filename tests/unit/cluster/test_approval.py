"""Questions as Approvals on an API server in memory: `headrace.cluster.carriers.approval`."""

from typing import Any

from headrace.api.v1alpha1.reasons import Reason
from headrace.cluster.kinds import APPROVALS, TASK_RUNS, WORKFLOW_RUNS, WORKFLOWS
from headrace.engine.outcome import Outcome
from headrace.engine.run.observed import RunKey
from headrace.engine.task.obstacles import Denied
from support.api_refusals import RefusalError, keep_others_out
from support.api_storage import Object
from support.world_rig import WorldRig

KEY = RunKey("default", "r")
ASKED = {"message": "Go on?", "approvers": {"users": ["alice"]}}


async def asked(rig: WorldRig, **fields: Any) -> Object | None:
    """Let a run ask; return its Approval, if there is one."""
    rig.server.admit = keep_others_out
    tasks = [{"name": "ask", "approval": {**ASKED, **fields}}]
    await rig.make(WORKFLOWS, "w", {"tasks": tasks, "suspend": True})
    await rig.make(WORKFLOW_RUNS, "r", {"workflow": "w"})
    for _ in range(2):
        await rig.turn(KEY)
        rig.tell()
    return approval(rig)


def approval(rig: WorldRig) -> Object | None:
    """Return the newest Approval on the server."""
    items = rig.server.storage.all(APPROVALS)
    return max(items, key=lambda item: item["spec"]["attempt"], default=None)


def answer(rig: WorldRig, **fields: Any) -> None:
    """Let somebody answer, as the policies of the chart write it down."""
    item = approval(rig)
    assert item is not None
    given = {"choice": "approve", "by": "alice", "time": rig.server.now(), **fields}
    meta = {**item["metadata"], "generation": 2}
    spec = {**item["spec"], "answer": given}
    rig.server.storage.write(APPROVALS, {**item, "metadata": meta, "spec": spec})


async def outcome(rig: WorldRig) -> Outcome | None:
    """Let the controller look, and return how the task ended."""
    rig.tell()
    await rig.turn(KEY)
    run = await rig.world.observe(KEY)
    assert run is not None
    return run.tasks["ask"].log.outcome


async def test_a_question_is_recorded_as_guarded() -> None:
    """The controller has tried the policy before it asked; people read so in the status."""
    item = await asked(WorldRig())
    assert item is not None
    assert True is item["status"]["guarded"]
    assert "Answered" == item["status"]["conditions"][0]["type"]


async def test_the_log_names_the_approval() -> None:
    """And not as a Job: there is none."""
    rig = WorldRig()
    item = await asked(rig)
    assert item is not None
    status = await rig.status(TASK_RUNS, "r.ask")
    (attempt,) = status["attempts"]
    assert item["metadata"]["name"] == attempt["approvalName"]
    assert "jobName" not in attempt


async def test_an_answer_closes_the_question() -> None:
    """Once the TaskRun has it; the status says who chose what."""
    rig = WorldRig()
    await asked(rig)
    answer(rig)
    assert Outcome.SUCCEEDED is await outcome(rig)
    item = approval(rig)
    assert item is not None
    assert "alice chose approve" == item["status"]["conditions"][0]["message"]
    assert ("True", 2) == (
        item["status"]["conditions"][0]["status"],
        item["status"]["observedGeneration"],
    )


async def test_an_approval_that_somebody_made_before_is_not_believed() -> None:
    """It has the derived name, the TaskRun as its owner, and an answer that nobody kept off."""
    rig = WorldRig()
    await asked(rig, approvers={"users": ["alice"]})
    forged = approval(rig)
    assert forged is not None
    rig.server.storage.write(APPROVALS, {**forged, "status": {}})  # As if nobody had recorded it,
    rig.server.storage.write(  # and its TaskRun had just been made.
        TASK_RUNS, {**rig.server.storage.all(TASK_RUNS)[0], "status": {}}
    )
    answer(rig)
    rig.restart()
    rig.tell()
    await rig.turn(KEY)
    assert None is await outcome(rig)
    first = (await rig.status(TASK_RUNS, "r.ask"))["attempts"][0]
    assert "ApprovalNotGuarded" == first["reason"]


async def test_a_cluster_without_the_kind_keeps_the_task_waiting_with_a_word() -> None:
    """Its CRDs are older than the controller. Other tasks are not touched."""
    rig = WorldRig()
    kind = rig.server.kinds.pop((APPROVALS.group, APPROVALS.version, APPROVALS.plural))
    assert None is await asked(rig)
    run = await rig.world.observe(KEY)
    assert run is not None
    log = run.tasks["ask"].log
    assert Reason.API_UNAVAILABLE is log.reason
    assert "install the CRDs of this version" in log.message
    rig.server.kinds[APPROVALS.group, APPROVALS.version, APPROVALS.plural] = kind


async def test_a_refused_question_fails_its_task() -> None:
    """With the words of the API server."""
    rig = WorldRig()

    def refuse(resource: Any, body: Object) -> None:
        keep_others_out(resource, body)
        if resource == APPROVALS:
            raise RefusalError(422, "Invalid", "a webhook says no")

    rig.server.admit = refuse
    tasks = [{"name": "ask", "approval": ASKED}]
    await rig.make(WORKFLOWS, "w", {"tasks": tasks, "suspend": True})
    await rig.make(WORKFLOW_RUNS, "r", {"workflow": "w"})
    await rig.turn(KEY)
    run = await rig.world.observe(KEY)
    assert run is not None
    assert isinstance(run.obstacles["ask"], Denied)
    assert "a webhook says no" in run.obstacles["ask"].message
