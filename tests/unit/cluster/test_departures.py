"""What outlives a deleted TaskRun: `headrace.cluster.departures`."""

import asyncio
from typing import Any

import pytest

from headrace.api.v1alpha1 import labels
from headrace.cluster.kinds import TASK_RUNS, WORKFLOW_RUNS, WORKFLOWS
from headrace.engine.run.observed import RunKey
from headrace.kube.resources import JOBS, PODS, Ref
from headrace.manifests.kube import Job, OwnObject, Pod
from support.api_server import COLLECT_SECONDS
from support.virtual_time import VirtualTimeLoop
from support.world_rig import WorldRig

EVENT_LOOP = VirtualTimeLoop
RUN = RunKey("default", "x")
LINGERS = "batch.kubernetes.io/job-tracking"


async def deleted(*tasks: str) -> WorldRig:
    """Return a run whose tasks each run in a pod, and whose TaskRuns somebody has just deleted."""
    rig = WorldRig()
    listed = [{"name": task, "image": "busybox"} for task in tasks]
    tidy = [{"name": "tidy", "image": "busybox"}]
    await rig.make(WORKFLOWS, "w", {"tasks": listed, "finally": tidy})
    await rig.make(WORKFLOW_RUNS, "x", {"workflow": "w"})
    await rig.turn(RUN)
    for job in list(rig.server.storage.all(JOBS)):
        await make_pod(rig, job["metadata"])
    await asyncio.sleep(2)
    await rig.turn(RUN)  # It puts on record what was started.
    for task in tasks:
        await rig.client.delete(Ref(TASK_RUNS, "default", f"x.{task}"))
    return rig


async def make_pod(rig: WorldRig, job: dict[str, Any]) -> None:
    """Create a Job's pod, which ends only after a while."""
    owner = {"kind": "Job", "name": job["name"], "uid": job["uid"], "controller": True}
    meta = {
        "name": f"{job['name']}-0",
        "namespace": "default",
        "labels": job["labels"],
        "ownerReferences": [owner],
        "finalizers": [LINGERS],
    }
    await rig.client.create(PODS, {"metadata": meta, "spec": {}}, Pod)
    await phase(rig, f"{job['name']}-0", "Running")


async def phase(rig: WorldRig, pod: str, word: str) -> None:
    """Let a pod get into a phase."""
    ref = Ref(PODS, "default", pod)
    rig.caches.pods.put(await rig.client.patch_status(ref, {"status": {"phase": word}}, Pod))


async def told(rig: WorldRig, *, pods: bool = True) -> None:
    """Let the caches learn all that is so, as a watch tells it."""
    for resource, _, store in rig.caches.watched():
        if resource is PODS and not pods:
            continue
        there = {item["metadata"]["uid"]: item for item in rig.server.storage.all(resource)}
        for known in store:
            if known.metadata.uid not in there:
                store.remove(known.metadata)
        for item in there.values():
            ref = Ref(resource, "default", item["metadata"]["name"])
            store.put(await rig.client.get(ref, store.into))  # type: ignore[arg-type] # its own kind


async def departing(rig: WorldRig) -> frozenset[str]:
    """Return what is seen to be on its way out."""
    run = await rig.world.observe(RUN)
    assert run is not None
    return run.departing


def tidies(rig: WorldRig) -> bool:
    """Tell whether the `finally` task has begun."""
    jobs = rig.server.storage.all(JOBS)
    return any("tidy" == job["metadata"]["labels"][labels.TASK] for job in jobs)


async def pod_of(rig: WorldRig, task: str) -> str:
    """Return the name of a task's pod."""
    pods = rig.server.storage.all(PODS)
    (name,) = [
        pod["metadata"]["name"] for pod in pods if pod["metadata"]["labels"][labels.TASK] == task
    ]
    return str(name)


async def test_finally_waits_for_the_pod_of_a_task_whose_record_was_deleted() -> None:
    """It never runs beside what it is to clear away: not beside the Job, not beside its pod."""
    rig = await deleted("a")
    await told(rig)
    await rig.turn(RUN)
    assert not tidies(rig)

    await asyncio.sleep(COLLECT_SECONDS)  # The Job goes, and its pod has time to end.
    await told(rig)
    assert frozenset({"a"}) == await departing(rig)
    await rig.turn(RUN)
    assert not tidies(rig)

    await phase(rig, await pod_of(rig, "a"), "Failed")
    await rig.turn(RUN)
    assert frozenset() == await departing(rig)
    assert tidies(rig)


async def test_the_next_controller_waits_for_the_pod_as_well() -> None:
    """It saw no TaskRun vanish; that the task was started is on record."""
    rig = await deleted("a")
    await told(rig)
    await rig.turn(RUN)
    await asyncio.sleep(COLLECT_SECONDS)
    rig.restart()
    await told(rig)
    await rig.turn(RUN)
    assert frozenset({"a"}) == await departing(rig)
    assert not tidies(rig)


async def test_a_pod_is_asked_for_that_nobody_told_of_yet() -> None:
    """News of pods may come later than news of TaskRuns and Jobs."""
    rig = await deleted("a")
    await asyncio.sleep(COLLECT_SECONDS)
    rig.restart()
    await told(rig, pods=False)
    await rig.turn(RUN)
    await rig.turn(RUN)
    assert frozenset({"a"}) == await departing(rig)
    assert not tidies(rig)


async def test_the_server_is_asked_once_for_all_that_is_silent() -> None:
    """A thousand deleted TaskRuns are no thousand requests, and none in the next turn."""
    tasks = [f"t{number}" for number in range(60)]
    rig = await deleted(*tasks)
    for task in tasks:
        ref = Ref(PODS, "default", await pod_of(rig, task))
        await rig.client.patch(ref, {"metadata": {"finalizers": None}}, Pod)
    await asyncio.sleep(COLLECT_SECONDS)
    await told(rig)
    rig.seen.clear()
    assert frozenset() == await departing(rig)
    assert 2 == [verb for verb, _ in rig.seen].count("list")
    rig.seen.clear()
    await departing(rig)
    assert [] == [verb for verb, _ in rig.seen if verb == "list"]


@pytest.mark.parametrize("end", ["Complete", "Failed", None])
async def test_a_job_that_was_let_go_counts_until_it_has_ended(end: str | None) -> None:
    """With `--cascade=orphan` it goes on although its TaskRun is gone."""
    rig = await deleted("a")
    (job,) = rig.server.storage.all(JOBS)
    ref = Ref(JOBS, "default", job["metadata"]["name"])
    await rig.client.patch(ref, {"metadata": {"ownerReferences": None}}, Job)
    await phase(rig, await pod_of(rig, "a"), "Succeeded")
    if end is not None:
        conditions = [{"type": end, "status": "True"}]
        await rig.client.patch_status(ref, {"status": {"conditions": conditions}}, Job)
    await told(rig)
    assert (frozenset({"a"}) if end is None else frozenset()) == await departing(rig)


@pytest.mark.parametrize("name", ["x-a-0123456789-0", "other"])
async def test_a_pod_of_another_run_of_that_name_is_not_waited_for(name: str) -> None:
    """The name of its Job says whose it is, and a label may say anything."""
    rig = await deleted("a")
    ours = await pod_of(rig, "a")
    await phase(rig, ours, "Failed")
    await asyncio.sleep(COLLECT_SECONDS)
    pod = await rig.client.get(Ref(PODS, "default", ours), Pod)
    meta = {"name": name, "namespace": "default", "labels": pod.metadata.labels}
    await rig.client.create(PODS, {"metadata": meta, "spec": {}}, Pod)
    await told(rig)
    assert frozenset() == await departing(rig)


async def test_what_a_run_began_ends_with_its_lost_definition() -> None:
    """Nothing can be decided of such a run any more; what it began is known by its TaskRuns."""
    rig = WorldRig()
    await rig.workflow("a")
    await rig.make(WORKFLOW_RUNS, "x", {"workflow": "w"})
    await rig.turn(RUN)
    rig.server.storage.erase(*_revision(rig))
    rig.restart()
    await told(rig)
    await rig.turn(RUN)
    assert "Cancelled" == (await rig.status(TASK_RUNS, "x.a"))["outcome"]
    await asyncio.sleep(COLLECT_SECONDS)
    assert [] == [
        job for job in rig.server.storage.all(JOBS) if "deletionTimestamp" not in job["metadata"]
    ]


def _revision(rig: WorldRig) -> tuple[Any, tuple[str, str]]:
    for resource, item in rig.server.storage.everything():
        if item["kind"] == "ControllerRevision":
            return resource, (item["metadata"]["namespace"], item["metadata"]["name"])
    raise AssertionError("there is none")


# --- runs that were deleted -------------------------------------------------------------------


async def queued(name: str = "y") -> WorldRig:
    """Return two runs of which one may go on at a time; the first was deleted, its pod runs."""
    rig = WorldRig()
    spec = {"tasks": [{"name": "a", "image": "busybox"}], "concurrency": {"policy": "Queue"}}
    await rig.make(WORKFLOWS, "w", spec)
    await rig.make(WORKFLOW_RUNS, "x", {"workflow": "w"})
    await rig.turn(RUN)
    (job,) = rig.server.storage.all(JOBS)
    await make_pod(rig, job["metadata"])
    await rig.client.delete(Ref(WORKFLOW_RUNS, "default", "x"))
    await told(rig)
    await rig.make(WORKFLOW_RUNS, name, {"workflow": "w"})
    await rig.turn(RunKey("default", name))
    return rig


def begun(rig: WorldRig, run: str) -> bool:
    """Tell whether a run has a Job that is not of the one that was deleted."""
    names = [job["metadata"]["labels"][labels.RUN] for job in rig.server.storage.all(JOBS)]
    return run in names and len(names) > (run == "x")


@pytest.mark.parametrize("name", ["y", "x"])
async def test_the_next_run_waits_for_the_pods_of_a_deleted_one(name: str) -> None:
    """Also if it has the same name: two runs do not go on beside each other."""
    rig = await queued(name)
    assert not begun(rig, name)
    await asyncio.sleep(2 * COLLECT_SECONDS)
    await told(rig)
    await rig.turn(RunKey("default", name))
    assert not rig.server.storage.all(JOBS)
    (said,) = (await rig.status(WORKFLOW_RUNS, name))["conditions"][:1]
    assert "1 run is allowed at a time, and x (deleted) has not ended" == said["message"]

    rig.woken.clear()
    await phase(rig, await pod_of(rig, "a"), "Failed")
    assert RunKey("default", name) in rig.woken
    await rig.turn(RunKey("default", name))
    assert rig.server.storage.all(JOBS)


async def test_the_pods_of_a_deleted_run_count_after_another_of_its_name_was_cancelled() -> None:
    """The other one has ended without a beginning: what runs is not its own."""
    rig = await queued("x")
    await asyncio.sleep(2 * COLLECT_SECONDS)
    spec = {"spec": {"desiredState": "Cancel"}}
    await rig.client.patch(Ref(WORKFLOW_RUNS, "default", "x"), spec, OwnObject)
    await told(rig)
    await rig.turn(RUN)
    await rig.make(WORKFLOW_RUNS, "y", {"workflow": "w"})
    await rig.turn(RunKey("default", "y"))
    assert not rig.server.storage.all(JOBS)

    rig.woken.clear()
    await phase(rig, await pod_of(rig, "a"), "Failed")
    assert RunKey("default", "y") in rig.woken


async def test_a_pod_of_a_deleted_run_is_asked_for_that_nobody_told_of_yet() -> None:
    """News of pods may come later than news of runs and Jobs: the next run waits all the same."""
    rig = await queued()
    await asyncio.sleep(2 * COLLECT_SECONDS)
    rig.restart()
    await told(rig, pods=False)
    await rig.turn(RunKey("default", "y"))
    assert not rig.server.storage.all(JOBS)


async def test_a_run_that_waits_for_others_anyway_asks_for_no_pods() -> None:
    """Thousands may wait; only the one that is next asks."""
    rig = await queued()
    await rig.make(WORKFLOW_RUNS, "z", {"workflow": "w"})
    await rig.turn(RunKey("default", "z"))
    before = len(rig.transport.requests)
    await rig.turn(RunKey("default", "z"))
    asked = [each.target for each in rig.transport.requests[before:]]
    assert [] == [target for target in asked if "/pods?" in target]


async def test_a_run_that_has_just_begun_is_not_taken_for_one_before_it() -> None:
    """Its Jobs are there a moment before its status says that it began."""
    rig = WorldRig()
    await rig.workflow("a")
    run = await rig.make(WORKFLOW_RUNS, "x", {"workflow": "w"})
    await rig.turn(RUN)
    assert [] == rig.caches.outlived.of("default", "w")
    await rig.client.patch_status(Ref(WORKFLOW_RUNS, "default", "x"), {"status": None}, OwnObject)
    await told(rig)
    assert run.metadata.uid
    assert [] == rig.caches.outlived.of("default", "w")
