"""How tasks stand, as the caches show it: `headrace.cluster.gather`."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from headrace.api.v1alpha1 import labels
from headrace.api.v1alpha1.reasons import Reason
from headrace.cluster.kinds import TASK_RUNS, WORKFLOW_RUNS
from headrace.engine.outcome import Outcome
from headrace.engine.run.observed import RunKey
from headrace.engine.task.observed import Attempt, ObservedTask, Stage, TaskLog
from headrace.kube.resources import JOBS, PODS, Ref
from headrace.manifests.conditions import Past
from headrace.manifests.kube import Job, OwnObject, Pod
from headrace.manifests.task_status import task_status
from headrace.manifests.where import where
from support.api_server import COLLECT_SECONDS
from support.virtual_time import VirtualTimeLoop
from support.world_rig import WorldRig

EVENT_LOOP = VirtualTimeLoop
RUN = RunKey("default", "x")


async def started(*tasks: str) -> WorldRig:
    """Return a world with a run whose tasks have a Job each, and logs that say so."""
    rig = WorldRig()
    await rig.workflow(*tasks)
    await rig.make(WORKFLOW_RUNS, "x", {"workflow": "w"})
    await rig.turn(RUN)
    jobs = {job["metadata"]["labels"][labels.TASK]: job for job in rig.server.storage.all(JOBS)}
    for task in tasks:
        first = Attempt(1, created=rig.clock(), where=where(jobs[task]["metadata"]["name"]))
        log = TaskLog(attempts=(first,), count=1, started=rig.clock())
        body = {"status": task_status(log, Past(rig.clock()))}
        await rig.client.patch_status(Ref(TASK_RUNS, "default", f"x.{task}"), body, OwnObject)
    return rig


async def make_pod(rig: WorldRig, job: dict[str, Any]) -> None:
    """Create a Job's pod, which runs."""
    meta = job["metadata"]
    owner = {"kind": "Job", "name": meta["name"], "uid": meta["uid"], "controller": True}
    body = {
        "metadata": {
            "name": f"{meta['name']}-0",
            "namespace": "default",
            "labels": meta["labels"],
            "ownerReferences": [owner],
            "finalizers": ["batch.kubernetes.io/job-tracking"],
        },
        "status": {"phase": "Running"},
    }
    made = await rig.client.create(PODS, body, Pod)
    phase = {"status": {"phase": "Running"}}
    await rig.client.patch_status(Ref(PODS, "default", made.metadata.name), phase, Pod)


async def relisted(rig: WorldRig) -> None:
    """Let another controller begin, and its caches show all that there is."""
    rig.restart()
    for resource, _, store in rig.caches.watched():
        for item in rig.server.storage.all(resource):
            ref = Ref(resource, "default", item["metadata"]["name"])
            store.put(await rig.client.get(ref, store.into))  # type: ignore[arg-type] # its own kind


async def seen(rig: WorldRig, task: str) -> ObservedTask:
    """Return how a task stands."""
    run = await rig.world.observe(RUN)
    assert run is not None
    return run.tasks[task]


async def test_what_changes_during_a_question_is_seen_by_the_next_turn() -> None:
    """While one task is asked about, another's TaskRun changes; its old picture is not kept."""
    rig = await started("a", "b")
    for job in list(rig.server.storage.all(JOBS)):
        if job["metadata"]["labels"][labels.TASK] == "a":
            await rig.client.delete(Ref(JOBS, "default", job["metadata"]["name"]))
    await relisted(rig)
    log = replace((await seen(rig, "b")).log, reason=Reason.SUCCEEDED, finished=rig.clock())
    done = {"status": task_status(replace(log, outcome=Outcome.SUCCEEDED), Past(rig.clock()))}
    await relisted(rig)
    real = rig.client.get

    async def get(ref: Ref, into: type[Any], **more: Any) -> Any:
        if ref.resource is JOBS:
            b = Ref(TASK_RUNS, "default", "x.b")
            rig.caches.task_runs.put(await rig.client.patch_status(b, done, OwnObject))
        return await real(ref, into, **more)

    rig.client.get = get  # type: ignore[method-assign] # the watch tells something meanwhile
    assert (await seen(rig, "b")).log.outcome is None
    rig.client.get = real  # type: ignore[method-assign] # and then is silent

    assert Outcome.SUCCEEDED is (await seen(rig, "b")).log.outcome


@pytest.mark.parametrize("propagation", ["Background", "Orphan"])
async def test_a_pod_is_seen_whose_job_went_while_nobody_looked(propagation: str) -> None:
    """The next attempt must not begin beside it."""
    rig = await started("a")
    (job,) = rig.server.storage.all(JOBS)
    await make_pod(rig, job)
    await rig.client.delete(Ref(JOBS, "default", job["metadata"]["name"]), propagation=propagation)
    await asyncio.sleep(COLLECT_SECONDS)
    await relisted(rig)

    task = await seen(rig, "a")

    assert task.sighting is not None
    assert (1, Stage.GONE, True) == (task.sighting.number, task.sighting.stage, task.still_there)


async def test_a_pod_of_a_job_that_only_the_cache_has_not_seen_is_no_orphan() -> None:
    """What is missed in a cache is asked for before anything is made of it."""
    rig = await started("a")
    (job,) = rig.server.storage.all(JOBS)
    await make_pod(rig, job)
    await relisted(rig)
    lost = rig.caches.jobs.get("default", job["metadata"]["name"])
    assert lost is not None
    rig.caches.jobs.remove(lost.metadata, lost)
    rig.caches.jobs.forget(RUN)

    task = await seen(rig, "a")

    assert task.sighting is not None
    assert Stage.GONE is not task.sighting.stage


@pytest.mark.parametrize("deleted", ["job", "pod"])
async def test_news_of_a_deleted_job_may_come_after_that_of_its_pod(deleted: str) -> None:
    """Whose pod was deleted, its Job is asked for: the story says what somebody really deleted."""
    rig = await started("a")
    (job,) = rig.server.storage.all(JOBS)
    await make_pod(rig, job)
    await relisted(rig)
    (made,) = rig.server.storage.all(PODS)
    pod = Ref(PODS, "default", made["metadata"]["name"])
    name = job["metadata"]["name"]
    await rig.client.delete(Ref(JOBS, "default", name) if deleted == "job" else pod)
    await asyncio.sleep(COLLECT_SECONDS)
    failed = {"status": {"phase": "Failed"}}
    rig.caches.pods.put(await rig.client.patch_status(pod, failed, Pod))

    task = await seen(rig, "a")

    assert task.sighting is not None
    if deleted == "job":
        assert (Stage.GONE, None) == (task.sighting.stage, task.sighting.ending)
        assert "the Job was deleted" == task.sighting.message
    else:
        assert task.sighting.ending is not None
        assert Reason.POD_DELETED is task.sighting.ending.reason


async def test_a_pod_of_another_run_of_that_name_is_none_of_ours() -> None:
    """The name of its Job says whose it is."""
    rig = await started("a")
    (job,) = rig.server.storage.all(JOBS)
    meta = {**job["metadata"], "name": "x-a-0123456789", "uid": "other"}
    await make_pod(rig, {**job, "metadata": meta})
    await relisted(rig)

    task = await seen(rig, "a")

    assert frozenset() == task.lingering
    assert task.sighting is not None
    assert job["metadata"]["name"] == task.sighting.where.unit_name


@pytest.mark.parametrize("times", [1, 2])
async def test_a_job_that_is_surely_gone_is_asked_for_once(times: int) -> None:
    """A name that was used is not used again."""
    rig = await started("a")
    for job in list(rig.server.storage.all(JOBS)):
        await rig.client.delete(Ref(JOBS, "default", job["metadata"]["name"]))
    await relisted(rig)
    asked: list[Ref] = []
    real = rig.client.get

    async def get(ref: Ref, into: type[Any], **more: Any) -> Any:
        asked.extend([ref] if into is Job else [])
        return await real(ref, into, **more)

    rig.client.get = get  # type: ignore[method-assign] # counted
    for _ in range(times):
        await seen(rig, "a")
    assert 1 == len(asked)
