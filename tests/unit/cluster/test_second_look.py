"""News of pods that comes later than what it led to: `headrace.cluster.second_look`."""

import asyncio
from typing import Any

import pytest

from headrace.cluster.kinds import TASK_RUNS, WORKFLOW_RUNS, WORKFLOWS
from headrace.engine.run.decide import decide
from headrace.engine.run.observed import RunKey
from headrace.kube.errors import StaleError
from headrace.kube.resources import JOBS, PODS, Ref
from headrace.manifests.kube import Job, Pod
from support.kube_json import condition
from support.virtual_time import VirtualTimeLoop
from support.world_rig import WorldRig

EVENT_LOOP = VirtualTimeLoop
RUN = RunKey("default", "x")
ENDED = {"exitCode": 0, "message": '{"rows": 7}'}
FAILED = {"exitCode": 3, "reason": "Error"}


async def started(**fields: Any) -> WorldRig:
    """Return a world with a run of one task, whose Job and TaskRun the caches know."""
    rig = WorldRig()
    task = {"name": "a", "image": "busybox", "retry": {"limit": 0}, **fields}
    await rig.make(WORKFLOWS, "w", {"tasks": [task]})
    await rig.make(WORKFLOW_RUNS, "x", {"workflow": "w"})
    await rig.turn(RUN)
    await rig.turn(RUN)
    return rig


def the_job(rig: WorldRig) -> Ref:
    """Return the address of the only Job."""
    (job,) = rig.server.storage.all(JOBS)
    return Ref(JOBS, "default", job["metadata"]["name"])


async def pod_of(rig: WorldRig, phase: str, ended: dict[str, Any] | None = None) -> Pod:
    """Make the Job's pod, of which the caches are not told, or move it on."""
    (job,) = rig.server.storage.all(JOBS)
    meta = job["metadata"]
    owner = {"kind": "Job", "name": meta["name"], "uid": meta["uid"], "controller": True}
    name = f"{meta['name']}-0"
    if rig.server.storage.find(PODS, ("default", name)) is None:
        own = {"name": name, "namespace": "default", "labels": meta["labels"]}
        await rig.client.create(PODS, {"metadata": {**own, "ownerReferences": [owner]}}, Pod)
    state: dict[str, Any] = {"terminated": ended} if ended else {"running": {}}
    status = {"phase": phase, "containerStatuses": [{"name": "main", "state": state}]}
    return await rig.client.patch_status(Ref(PODS, "default", name), {"status": status}, Pod)


async def job_says(rig: WorldRig, word: str) -> None:
    """Let the Job controller say how the Job ended, and the caches hear it."""
    status = {"status": {"conditions": [condition(word, reason="Word")]}}
    rig.caches.jobs.put(await rig.client.patch_status(the_job(rig), status, Job))


async def turn(rig: WorldRig) -> None:
    """Give the run turns as the queue does: again at once if the caches were behind."""
    for _ in range(3):
        try:
            await rig.turn(RUN)
        except StaleError:
            continue
        return
    raise AssertionError("the run's turns do not end")


def pod_lists(rig: WorldRig) -> int:
    """Count the requests for pods."""
    sent = rig.transport.requests
    return len([each for each in sent if each.method == "GET" and "/pods?" in each.target])


@pytest.mark.parametrize("shown", ["no pod", "the pod runs"])
async def test_an_exit_code_is_told_by_a_pod_that_the_watch_has_not_shown(shown: str) -> None:
    """The Job's failure is known first. With no retries allowed, nothing runs twice."""
    rig = await started()
    running = await pod_of(rig, "Running")
    if shown == "the pod runs":
        rig.caches.pods.put(running)
    await pod_of(rig, "Failed", FAILED)
    await job_says(rig, "Failed")

    await turn(rig)

    status = await rig.status(TASK_RUNS, "x.a")
    (attempt,) = status["attempts"]
    assert ("Failed", "NonZeroExit", 3) == (
        status["outcome"],
        attempt["reason"],
        attempt["exitCode"],
    )


@pytest.mark.parametrize("shown", ["no pod", "the pod runs"])
async def test_outputs_are_told_by_a_pod_that_the_watch_has_not_shown(shown: str) -> None:
    """The Job is complete; what its program said stands in the pod."""
    rig = await started()
    running = await pod_of(rig, "Running")
    if shown == "the pod runs":
        rig.caches.pods.put(running)
    await pod_of(rig, "Succeeded", ENDED)
    await job_says(rig, "Complete")

    await turn(rig)

    status = await rig.status(TASK_RUNS, "x.a")
    assert ("Succeeded", {"rows": 7}) == (status["outcome"], status["outputs"])


async def test_a_success_counts_though_its_job_was_deleted_before_the_watch_told_of_it() -> None:
    """The pod is there for its grace period."""
    rig = await started()
    await pod_of(rig, "Succeeded", ENDED)
    job = rig.caches.jobs.get("default", the_job(rig).name)
    assert job is not None
    rig.caches.jobs.remove(job.metadata)

    await turn(rig)

    assert "Succeeded" == (await rig.status(TASK_RUNS, "x.a"))["outcome"]


@pytest.mark.parametrize("limits", [{"totalSeconds": 30}, {"pendingSeconds": 30}])
async def test_a_clock_does_not_end_what_ended_in_time(limits: dict[str, int]) -> None:
    """The program had ended; only the news of its pod was late."""
    rig = await started(timeouts=limits)
    await pod_of(rig, "Succeeded", ENDED)
    await asyncio.sleep(60)

    await turn(rig)

    assert "Succeeded" == (await rig.status(TASK_RUNS, "x.a"))["outcome"]


async def test_a_clock_does_not_end_a_job_that_somebody_holds() -> None:
    """The news of the Job was late: a queue decides when it starts."""
    rig = await started(timeouts={"pendingSeconds": 30})
    await rig.client.patch(the_job(rig), {"spec": {"suspend": True}}, Job)
    await asyncio.sleep(60)

    await turn(rig)

    assert "outcome" not in await rig.status(TASK_RUNS, "x.a")


@pytest.mark.parametrize("word", ["Failed", "Complete"])
async def test_last_words_count_although_the_pod_is_gone(word: str) -> None:
    """Its end and its deletion were told between two turns."""
    rig = await started()
    end = ("Failed", FAILED) if word == "Failed" else ("Succeeded", ENDED)
    pod = await pod_of(rig, *end)
    rig.caches.pods.put(pod)
    await rig.client.delete(Ref(PODS, "default", pod.metadata.name))
    rig.caches.pods.remove(pod.metadata, pod)
    await job_says(rig, word)

    await turn(rig)

    status = await rig.status(TASK_RUNS, "x.a")
    assert word == {"Succeeded": "Complete"}.get(status["outcome"], status["outcome"])
    assert [end[1]["exitCode"]] == [each["exitCode"] for each in status["attempts"]]
    assert {"Failed": None, "Complete": {"rows": 7}}[word] == status.get("outputs")


async def test_a_pod_that_is_gone_is_no_longer_taken_for_one_that_runs() -> None:
    """The API server shows no pod: it was deleted, and the Job says that it failed."""
    rig = await started()
    pod = await pod_of(rig, "Running")
    rig.caches.pods.put(pod)
    await rig.client.delete(Ref(PODS, "default", pod.metadata.name))
    await job_says(rig, "Failed")

    await turn(rig)

    assert "PodDeleted" == (await rig.status(TASK_RUNS, "x.a"))["attempts"][0]["reason"]


@pytest.mark.parametrize(
    ("phase", "ended"), [("Succeeded", ENDED), ("Failed", FAILED)], ids=["good end", "bad end"]
)
async def test_nothing_is_asked_when_the_pod_itself_has_told(
    phase: str, ended: dict[str, Any]
) -> None:
    """That is what nearly always happens."""
    rig = await started()
    rig.caches.pods.put(await pod_of(rig, phase, ended))

    await rig.turn(RUN)

    assert "outcome" in await rig.status(TASK_RUNS, "x.a")
    assert 0 == pod_lists(rig)


async def test_many_doubtful_tasks_cost_one_request() -> None:
    """A run that is cancelled with many tasks does not ask for each."""
    rig = WorldRig()
    await rig.workflow(*(f"t{n}" for n in range(40)))
    await rig.make(WORKFLOW_RUNS, "x", {"workflow": "w"})
    await rig.turn(RUN)
    await rig.turn(RUN)
    ref = Ref(WORKFLOW_RUNS, "default", "x")
    cancel = {"spec": {"workflow": "w", "desiredState": "Cancel"}}
    rig.caches.runs.put(await rig.client.patch(ref, cancel, rig.caches.runs.into))

    await turn(rig)

    assert 1 == pod_lists(rig)


@pytest.mark.parametrize("word", ["Failed", "Complete"])
async def test_news_that_comes_between_a_decision_and_its_record_counts(word: str) -> None:
    """The watch tells of the pod while the turn is under way; a list shows nothing newer then."""
    rig = await started()
    pod = await pod_of(rig, *(("Failed", FAILED) if word == "Failed" else ("Succeeded", ENDED)))
    await job_says(rig, word)
    seen = await rig.world.observe(RUN)
    assert seen is not None
    records = decide(seen, rig.clock()).records

    rig.caches.pods.put(pod)

    with pytest.raises(StaleError):
        await rig.world.log(RUN, records)
