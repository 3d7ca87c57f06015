"""Whose a TaskRun and a Job are, whatever people write into them: `headrace.cluster.belonging`."""

import asyncio
from typing import Any

import pytest

from headrace.api.v1alpha1 import labels
from headrace.cluster.belonging import attempt_name, place_of, task_run_key
from headrace.cluster.caches import Caches
from headrace.cluster.kinds import TASK_RUNS, WORKFLOW_RUNS, WORKFLOWS
from headrace.engine.run.observed import RunKey, RunKind
from headrace.engine.task.actions import EndAttempt
from headrace.kube.errors import StaleError
from headrace.kube.resources import JOBS, PODS, Ref
from headrace.manifests.kube import Job, OwnObject, Pod
from headrace.manifests.names import former_task_run_name, task_run_name
from support.plumbing import manifest
from support.virtual_time import VirtualTimeLoop
from support.world_rig import WorldRig

EVENT_LOOP = VirtualTimeLoop
ALONE = RunKey("default", "t", RunKind.TASK_RUN)


RUN = RunKey("default", "x")
A, B = ({"name": name, "image": "busybox"} for name in "ab")
PAIR = {"tasks": [A, {**B, "dependsOn": ["a"]}]}


def owned_by(kind: str, name: str, uid: str) -> list[dict[str, Any]]:
    """Return the owner references of an object that this one controls."""
    return [{"apiVersion": "v1", "kind": kind, "name": name, "uid": uid, "controller": True}]


async def make(rig: WorldRig, name: str, spec: dict[str, Any], *owners: Any) -> OwnObject:
    """Create a TaskRun with these owners, and tell the caches of it."""
    body = manifest(TASK_RUNS, name, spec)
    body["metadata"]["ownerReferences"] = list(owners)
    made = await rig.client.create(TASK_RUNS, body, OwnObject)
    rig.caches.task_runs.put(made)
    return made


async def succeed(rig: WorldRig, job: dict[str, Any]) -> None:
    """Let the program of a Job's pod end well."""
    meta = job["metadata"]
    own = {"name": f"{meta['name']}-0", "namespace": "default", "labels": meta["labels"]}
    own["ownerReferences"] = owned_by("Job", meta["name"], meta["uid"])
    await rig.client.create(PODS, {"metadata": own}, Pod)
    ended = {"exitCode": 0, "startedAt": "2030-01-01T00:00:00Z"}
    main = {"name": "main", "state": {"terminated": {**ended, "finishedAt": ended["startedAt"]}}}
    status = {"phase": "Running", "containerStatuses": [main]}
    ref = Ref(PODS, "default", own["name"])
    rig.caches.pods.put(await rig.client.patch_status(ref, {"status": status}, Pod))


@pytest.mark.parametrize(
    "owners",
    [
        pytest.param([], id="nobody owns the TaskRun"),
        pytest.param(owned_by("ConfigMap", "settings", "c-1"), id="a ConfigMap owns the TaskRun"),
        pytest.param(
            owned_by("WorkflowRun", "t", "r-1"), id="a run of the same name owns the TaskRun"
        ),
    ],
)
async def test_a_task_run_on_its_own_ends_whoever_owns_it(owners: list[Any]) -> None:
    """Its Job is found again under the name under which it was made."""
    rig = WorldRig()
    item = await make(rig, "t", {"image": "busybox"}, *owners)
    await rig.turn(ALONE)
    (job,) = rig.server.storage.all(JOBS)
    assert attempt_name(place_of(item), 1) == job["metadata"]["name"]

    await succeed(rig, job)
    await rig.turn(ALONE)

    assert "Succeeded" == (await rig.status(TASK_RUNS, "t"))["outcome"]
    assert 1 == len(list(rig.server.storage.all(JOBS)))


async def test_an_attempt_is_ended_whatever_its_jobs_labels_say() -> None:
    """The name of the Job says which attempt it is; anybody may write labels."""
    rig = WorldRig()
    await make(rig, "t", {"image": "busybox"})
    await rig.turn(ALONE)
    (job,) = rig.server.storage.all(JOBS)
    ref = Ref(JOBS, "default", job["metadata"]["name"])
    changed = {"metadata": {"labels": {labels.ATTEMPT: "7"}}}
    rig.caches.jobs.put(await rig.client.patch(ref, changed, Job))
    assert await rig.world.observe(ALONE) is not None

    await rig.world.apply(ALONE, [EndAttempt("t", 1)])
    rig.server.collect()

    assert [] == list(rig.server.storage.all(JOBS))


# --- TaskRuns that people made for a run --------------------------------------------------------


async def run_of_two(rig: WorldRig) -> OwnObject:
    """Return a new run of `a` and then `b`."""
    await rig.make(WORKFLOWS, "w", PAIR)
    return await rig.make(WORKFLOW_RUNS, "x", {"workflow": "w"})


def of_run(run: OwnObject) -> list[dict[str, Any]]:
    """Return the owner references of what a run owns."""
    return owned_by("WorkflowRun", run.metadata.name, run.metadata.uid)


def condition(status: dict[str, Any], kind: str) -> dict[str, str]:
    """Return the condition of a type."""
    (found,) = (each for each in status["conditions"] if each["type"] == kind)
    return dict(found)


async def conditions(rig: WorldRig, name: str) -> dict[str, tuple[str, str]]:
    """Return status and reason of a TaskRun's conditions, by type."""
    told = (await rig.status(TASK_RUNS, name)).get("conditions", ())
    return {each["type"]: (each["status"], each["reason"]) for each in told}


async def pods_end(rig: WorldRig, *names: str) -> None:
    """Let the programs of these tasks end well, each in its turn."""
    for name in names:
        (job,) = (
            job
            for job in rig.server.storage.all(JOBS)
            if job["metadata"]["labels"][labels.TASK] == name
        )
        await succeed(rig, job)
        await rig.turn(RUN)


FORGED = [
    pytest.param(
        "forged", True, {"run": "x", "task": "b"}, id="a name that is not the derived one"
    ),
    pytest.param("x.c", True, {"run": "x", "task": "b"}, id="the name of another task"),
    pytest.param(task_run_name("x", "c"), False, {"run": "x", "task": "c"}, id="no owner"),
    pytest.param(
        task_run_name("y", "b"), True, {"run": "y", "task": "b"}, id="the name of another run"
    ),
]


@pytest.mark.parametrize(("name", "owned", "spec"), FORGED)
async def test_a_run_does_not_care_about_a_task_run_that_it_did_not_make(
    name: str, spec: dict[str, Any], *, owned: bool
) -> None:
    """It runs its tasks, each once, and the other says what is wrong with it."""
    rig = WorldRig()
    run = await run_of_two(rig)
    forged = await make(rig, name, {**spec, "image": "busybox"}, *(of_run(run) if owned else ()))
    for _ in range(2):
        await rig.turn(RUN)
        await rig.turn(task_run_key(forged))

    await pods_end(rig, "a", "b")

    assert "True" == condition(await rig.status(WORKFLOW_RUNS, "x"), "Succeeded")["status"]
    assert 2 == len(list(rig.server.storage.all(JOBS)))
    told = await rig.status(TASK_RUNS, name)
    assert ("True", "NotOfTheRun") == (await conditions(rig, name))["Stalled"]
    assert "leave out spec.run" in condition(told, "Succeeded")["message"]


async def test_a_task_run_for_a_task_that_there_is_not_says_so() -> None:
    """It has the right form, and no task of the workflow is called so."""
    rig = WorldRig()
    run = await run_of_two(rig)
    name = task_run_name("x", "c")
    spec = {"run": "x", "task": "c", "image": "busybox"}
    await make(rig, name, spec, *of_run(run))
    await rig.turn(RUN)

    await pods_end(rig, "a", "b")

    assert "True" == condition(await rig.status(WORKFLOW_RUNS, "x"), "Succeeded")["status"]
    assert ("True", "NotOfTheRun") == (await conditions(rig, name))["Stalled"]


async def test_the_name_of_a_tasks_own_task_run_may_be_taken() -> None:
    """Nothing runs in another's object; the task says who is in the way."""
    rig = WorldRig()
    await run_of_two(rig)
    name = task_run_name("x", "a")
    await make(rig, name, {"image": "busybox"})
    for _ in range(20):
        await rig.turn(RUN)
        await asyncio.sleep(5)

    status = await rig.status(WORKFLOW_RUNS, "x")
    assert ("a", "NameTaken") == (
        status["attention"][0]["task"],
        status["attention"][0]["reason"],
    )
    assert name in status["attention"][0]["message"]
    assert [] == list(rig.server.storage.all(JOBS))


async def test_a_label_makes_no_run_of_a_runs_task_run() -> None:
    """A pod that names a TaskRun as a run of its own brings it a turn, and starts nothing."""
    rig = WorldRig()
    run = await run_of_two(rig)
    name = task_run_name("x", "b")
    await make(rig, name, {"run": "x", "task": "b", "image": "busybox"}, *of_run(run))

    await rig.turn(RunKey("default", name, RunKind.TASK_RUN))

    assert [] == list(rig.server.storage.all(JOBS))
    assert {} == await rig.status(TASK_RUNS, name)


async def test_a_task_run_that_loses_its_owner_tells_the_run() -> None:
    """The run learns at once that it has lost a task."""
    told: list[Any] = []
    rig = WorldRig()
    run = await run_of_two(rig)
    await rig.turn(RUN)
    caches = Caches(told.append, lambda _: None)
    caches.runs.put(run)
    ref = Ref(TASK_RUNS, "default", task_run_name("x", "a"))
    caches.task_runs.put(await rig.client.get(ref, OwnObject))
    told.clear()

    orphaned = {"metadata": {"ownerReferences": None}}
    caches.task_runs.put(await rig.client.patch(ref, orphaned, OwnObject))

    assert RUN in told


# --- names that meet, and names of a controller before -----------------------------------------


async def test_runs_and_tasks_may_be_called_so_that_their_names_run_into_one_another() -> None:
    """`backfill` with `eu-orders` and `backfill-eu` with `orders` are two things with two names."""
    rig = WorldRig()
    await rig.workflow("eu-orders", "orders")
    keys = [RunKey("default", name) for name in ("backfill", "backfill-eu")]
    for key in keys:
        await rig.make(WORKFLOW_RUNS, key.name, {"workflow": "w"})
        await rig.turn(key)
    for job in tuple(rig.server.storage.all(JOBS)):
        await succeed(rig, job)
    for key in keys:
        await rig.turn(key)
        status = await rig.status(WORKFLOW_RUNS, key.name)
        assert "True" == condition(status, "Succeeded")["status"]
    assert 4 == len(list(rig.server.storage.all(JOBS)))


async def begun_under_the_former_name(rig: WorldRig) -> OwnObject:
    """Return the TaskRun of `a` as a controller before this one made it, with its Job."""
    run = await run_of_two(rig)
    spec = {"run": "x", "task": "a", "image": "busybox"}
    former = await make(rig, former_task_run_name("x", "a"), spec, *of_run(run))
    await rig.turn(RUN)
    return former


async def test_a_run_goes_on_with_what_a_controller_before_this_one_made() -> None:
    """Its TaskRun has another name, and counts all the same: nothing is made or run again."""
    rig = WorldRig()
    await begun_under_the_former_name(rig)
    assert ["x-a"] == [item["metadata"]["name"] for item in rig.server.storage.all(TASK_RUNS)]
    assert 1 == len(list(rig.server.storage.all(JOBS)))

    await pods_end(rig, "a", "b")

    assert "True" == condition(await rig.status(WORKFLOW_RUNS, "x"), "Succeeded")["status"]
    made = {item["metadata"]["name"] for item in rig.server.storage.all(TASK_RUNS)}
    assert {"x-a", task_run_name("x", "b")} == made
    assert "Succeeded" == (await rig.status(TASK_RUNS, "x-a"))["outcome"]
    assert 2 == len(list(rig.server.storage.all(JOBS)))


async def test_what_a_controller_before_made_a_moment_ago_is_not_run_again() -> None:
    """No watch has told of it yet. The Job has its name already, and shows whose it is."""
    rig = WorldRig()
    former = await begun_under_the_former_name(rig)
    unsaid = {"status": {"started": "", "startTime": None, "conditions": None}}
    ref = Ref(WORKFLOW_RUNS, "default", "x")
    run = await rig.client.patch_status(ref, unsaid, OwnObject)
    await asyncio.sleep(2)
    rig.restart()
    rig.caches.runs.put(run)

    with pytest.raises(StaleError):
        await rig.turn(RUN)
    await rig.turn(RUN)
    await rig.turn(RunKey("default", task_run_name("x", "a"), RunKind.TASK_RUN))

    (job,) = rig.server.storage.all(JOBS)
    assert former.metadata.uid == job["metadata"]["ownerReferences"][0]["uid"]
    assert ("True", "NotOfTheRun") == (await conditions(rig, task_run_name("x", "a")))["Stalled"]
    await pods_end(rig, "a", "b")
    assert "True" == condition(await rig.status(WORKFLOW_RUNS, "x"), "Succeeded")["status"]


async def test_what_somebody_makes_later_under_the_former_name_takes_no_place() -> None:
    """The older of two counts, so nobody can take over a task that has begun."""
    rig = WorldRig()
    run = await run_of_two(rig)
    await rig.turn(RUN)
    await asyncio.sleep(2)
    spec = {"run": "x", "task": "a", "image": "busybox"}
    await make(rig, "x-a", spec, *of_run(run))
    rig.asked.clear()
    await rig.turn(RUN)
    assert RunKey("default", "x-a", RunKind.TASK_RUN) in rig.asked
    for key in tuple(rig.asked):
        await rig.turn(key)

    await pods_end(rig, "a", "b")

    assert "True" == condition(await rig.status(WORKFLOW_RUNS, "x"), "Succeeded")["status"]
    assert 2 == len(list(rig.server.storage.all(JOBS)))
    assert ("True", "NotOfTheRun") == (await conditions(rig, "x-a"))["Stalled"]
