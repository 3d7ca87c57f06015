"""Whose a TaskRun and a Job are, whatever people write into them: `headrace.cluster.belonging`."""

from typing import Any

import pytest

from headrace.api.v1alpha1.labels import ATTEMPT
from headrace.cluster.belonging import attempt_name, place_of
from headrace.cluster.kinds import TASK_RUNS
from headrace.engine.run.observed import RunKey, RunKind
from headrace.engine.task.actions import EndAttempt
from headrace.kube.resources import JOBS, PODS, Ref
from headrace.manifests.kube import Job, OwnObject, Pod
from support.plumbing import manifest
from support.virtual_time import VirtualTimeLoop
from support.world_rig import WorldRig

EVENT_LOOP = VirtualTimeLoop
ALONE = RunKey("default", "t", RunKind.TASK_RUN)


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
        pytest.param([], id="nobody owns it"),
        pytest.param(owned_by("ConfigMap", "settings", "c-1"), id="a ConfigMap owns it"),
        pytest.param(owned_by("WorkflowRun", "t", "r-1"), id="a run of its own name owns it"),
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
    labels = {"metadata": {"labels": {ATTEMPT: "7"}}}
    rig.caches.jobs.put(await rig.client.patch(ref, labels, Job))
    assert await rig.world.observe(ALONE) is not None

    await rig.world.apply(ALONE, [EndAttempt("t", 1)])

    assert [] == list(rig.server.storage.all(JOBS))
