"""Waits in a cluster: `headrace.cluster.carriers.timer`, and what is asked about them."""

import asyncio
from typing import Any

import pytest

from headrace.cluster.kinds import TASK_RUNS, WORKFLOW_RUNS, WORKFLOWS
from headrace.engine.run.observed import RunKey, RunKind
from headrace.kube.resources import JOBS, Ref
from headrace.manifests.kube import OwnObject
from support.virtual_time import VirtualTimeLoop
from support.world_rig import WorldRig

EVENT_LOOP = VirtualTimeLoop
RUN = RunKey("default", "x")


async def begun(*more: dict[str, Any], **wait: Any) -> WorldRig:
    """Return a world with a run whose first task waits: for a minute, if nothing is said."""
    rig = WorldRig()
    first = {"name": "p", "wait": wait or {"seconds": 60}}
    await rig.make(WORKFLOWS, "w", {"tasks": [first, *more]})
    await rig.make(WORKFLOW_RUNS, "x", {"workflow": "w"})
    for _ in range(3):
        await rig.turn(RUN)
    return rig


def task_run(rig: WorldRig) -> dict[str, Any]:
    """Return the only TaskRun."""
    (item,) = rig.server.storage.all(TASK_RUNS)
    return item


def told(rig: WorldRig) -> tuple[str, str]:
    """Return what its status says: reason and message."""
    (one,) = (each for each in task_run(rig)["status"]["conditions"] if each["type"] == "Succeeded")
    return one["reason"], one["message"]


async def test_the_task_run_is_all_that_there_is_of_a_wait() -> None:
    """It has the instant, and nothing of a program."""
    rig = await begun()
    spec = task_run(rig)["spec"]
    assert {"run", "task", "waitUntil"} == spec.keys()
    assert ("WaitingForTime", f"until {spec['waitUntil']}") == told(rig)
    assert [] == rig.server.storage.all(JOBS)


async def test_a_new_wait_gets_a_turn_at_once() -> None:
    """No Job and no pod will tell of it, and it may be over already."""
    rig = WorldRig()
    await rig.make(WORKFLOWS, "w", {"tasks": [{"name": "p", "wait": {"until": "run.logicalTime"}}]})
    await rig.make(WORKFLOW_RUNS, "x", {"workflow": "w"})
    await rig.turn(RUN)
    rig.woken.clear()
    await rig.turn(RUN)
    assert RUN in rig.woken
    await rig.turn(RUN)
    assert "Succeeded" == task_run(rig)["status"]["outcome"]


async def test_the_caches_know_the_instant_after_a_restart() -> None:
    """It is one of the few fields that they keep of a TaskRun of a run."""
    rig = await begun()
    first = task_run(rig)["spec"]["waitUntil"]
    rig.restart()
    rig.tell()
    await asyncio.sleep(59)
    await rig.turn(RUN)
    assert ("WaitingForTime", f"until {first}") == told(rig)
    await asyncio.sleep(2)
    await rig.turn(RUN)
    assert ("Succeeded", f"until {first}") == told(rig)
    assert first == task_run(rig)["status"]["completionTime"]


@pytest.mark.parametrize("desired", ["Cancel", "Stop"])
async def test_nobody_is_asked_about_jobs_and_pods_of_a_wait(desired: str) -> None:
    """It never had any: neither while it goes on, nor when somebody ends it."""
    rig = await begun()
    rig.restart()
    rig.tell()
    rig.transport.requests.clear()
    await rig.turn(RUN)
    body = {"spec": {"desiredState": desired}}
    rig.caches.runs.put(await rig.client.patch(Ref(WORKFLOW_RUNS, "default", "x"), body, OwnObject))
    await rig.turn(RUN)
    assert "Cancelled" == task_run(rig)["status"]["outcome"]
    assert [] == [
        each.target
        for each in rig.transport.requests
        if "/jobs" in each.target or "/pods" in each.target
    ]


async def test_a_task_run_without_an_instant_is_somebody_elses() -> None:
    """Whoever took the name of a wait keeps it from beginning; the run says so."""
    rig = WorldRig()
    await rig.make(WORKFLOWS, "w", {"tasks": [{"name": "p", "wait": {"until": "run.logicalTime"}}]})
    run = await rig.make(WORKFLOW_RUNS, "x", {"workflow": "w"})
    owner = {"kind": "WorkflowRun", "name": "x", "uid": run.metadata.uid, "controller": True}
    body = {
        "metadata": {"name": "x.p", "namespace": "default", "ownerReferences": [owner]},
        "spec": {"run": "x", "task": "p", "image": "busybox"},
    }
    rig.caches.task_runs.put(await rig.client.create(TASK_RUNS, body, OwnObject))
    for _ in range(4):
        await rig.turn(RUN)
    assert "NameTaken" == told(rig)[0]
    assert "TaskRun x.p exists and belongs to somebody else" in told(rig)[1]


async def test_a_task_run_on_its_own_never_waits() -> None:
    """It is refused, whoever let it pass the API server."""
    rig = WorldRig()
    await rig.make(TASK_RUNS, "hello", {"waitUntil": "2030-01-01T00:00:00Z"})
    await rig.turn(RunKey("default", "hello", RunKind.TASK_RUN))
    reason, message = told(rig)
    assert "InvalidDefinition" == reason
    assert "waitUntil: a TaskRun on its own runs a program" in message
    assert 0 == task_run(rig)["status"]["attemptCount"]
