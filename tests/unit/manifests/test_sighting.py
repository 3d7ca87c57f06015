"""What a Job and its Pods show of an attempt: `headrace.manifests.sighting`."""

import pytest

from headrace.engine.task.observed import Sighting
from support.kube_json import (
    COMPLETE,
    EVICTING,
    FAILED,
    GATED,
    INITIALISING,
    OUT_OF_TIME,
    RUNNING,
    SECOND,
    STALLED,
    TAINTED,
    Manifest,
    condition,
    failed,
    job,
    pod,
    seen,
    terminated,
    waiting,
)


def words(sighting: Sighting) -> str:
    """Say a sighting in a few words."""
    parts = [str(sighting.stage)]
    if sighting.ending is not None:
        code = (
            ""
            if sighting.ending.progress.exit_code is None
            else f" {sighting.ending.progress.exit_code}"
        )
        parts.append(f"{sighting.ending.reason or 'exit'}{code}")
    parts += [str(sighting.waiting)] if sighting.waiting else []
    parts += ["alive"] if sighting.alive else []
    parts += ["leaving"] if sighting.leaving else []
    return " ".join(parts)


@pytest.mark.parametrize(
    ("a_job", "pods", "want"),
    [
        # --- before it runs
        pytest.param(job(), [], "Starting alive", id="there is no pod yet"),
        pytest.param(job(), [pod(node="")], "Starting alive", id="the scheduler has not looked"),
        pytest.param(job(), [STALLED], "Starting Unschedulable alive", id="no node takes it"),
        pytest.param(
            job(), [pod(conditions=[GATED], node="")], "Starting Suspended alive", id="a gate"
        ),
        pytest.param(job(), [pod()], "Starting alive", id="a node was found"),
        pytest.param(
            job(), [pod(waiting("ContainerCreating"))], "Starting alive", id="it is being prepared"
        ),
        *[
            pytest.param(
                job(), [pod(waiting(why, "words"))], "Starting ImagePullFailed alive", id=why
            )
            for why in ("ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull")
        ],
        *[
            pytest.param(
                job(), [pod(waiting(why, "words"))], "Starting ContainerConfigError alive", id=why
            )
            for why in ("CreateContainerConfigError", "CreateContainerError", "RunContainerError")
        ],
        pytest.param(
            job(),
            [pod(waiting("InvalidImageName", "couldn't parse image"))],
            "Ended InvalidImageName alive",
            id="an image's name that the kubelet cannot read",
        ),
        pytest.param(
            job(),
            [
                pod(
                    waiting(
                        "ErrImagePull",
                        'failed to parse image reference "UP/case:1": invalid'
                        " reference format: repository name must be lowercase",
                    )
                )
            ],
            "Ended InvalidImageName alive",
            id="an image's name that the runtime cannot read",
        ),
        pytest.param(job(suspend=True), [], "Starting Suspended alive", id="held from the start"),
        pytest.param(
            job(suspend=True),
            [failed(143, deleted="12:00:20")],
            "Starting Suspended alive",
            id="held while it ran: its pod is removed, which is no failure",
        ),
        # --- it runs
        pytest.param(job(), [pod(RUNNING, "Running")], "Running alive", id="it runs"),
        pytest.param(
            job(),
            [pod(RUNNING, "Running", conditions=[TAINTED], deleted="12:05:00")],
            "Running alive",
            id="its node is lost, and the pod waits to be removed",
        ),
        pytest.param(
            job(),
            [pod(terminated(1), "Running")],
            "Running alive",
            id="it failed, but a disruption may still be reported",
        ),
        # --- success
        pytest.param(
            job(), [pod(terminated(0), "Running")], "Ended exit 0", id="success is seen early"
        ),
        pytest.param(
            job(COMPLETE), [pod(terminated(0), "Succeeded")], "Ended exit 0", id="and late"
        ),
        pytest.param(job(), [pod(None, "Succeeded")], "Ended exit 0", id="by the phase alone"),
        pytest.param(job(COMPLETE), [], "Ended exit 0", id="the pod is gone, the Job is complete"),
        pytest.param(
            job(),
            [pod(terminated(0), "Running"), pod(RUNNING, "Running", **SECOND)],
            "Ended exit 0 alive",
            id="another pod runs after the success",
        ),
        pytest.param(
            job(),
            [pod(waiting("ContainerCreating"), **SECOND), pod(terminated(0), "Failed")],
            "Ended exit 0 alive",
            id="or will, in whatever order they are listed",
        ),
        pytest.param(
            job(deleted=True),
            [pod(terminated(0), "Succeeded")],
            "Ended exit 0 leaving",
            id="the Job is being deleted after the success",
        ),
        pytest.param(
            job(),
            [pod(terminated(0, "OOMKilled"), "Succeeded")],
            "Ended exit 0",
            id="a child was killed, and the program ended well",
        ),
        # --- failure
        pytest.param(job(), [failed(3)], "Ended exit 3", id="a bad exit code"),
        pytest.param(job(FAILED), [failed(3)], "Ended exit 3", id="the Job says so too"),
        pytest.param(job(), [failed(137, "OOMKilled")], "Ended OOMKilled 137", id="no memory"),
        pytest.param(
            job(), [failed(5, "OOMKilled")], "Ended OOMKilled 5", id="a child had no memory"
        ),
        pytest.param(
            job(), [failed(137, reason="Error")], "Ended exit 137", id="killed by who knows whom"
        ),
        pytest.param(
            job(),
            [pod(terminated(137), "Failed", **OUT_OF_TIME)],
            "Ended AttemptTimeout 137",
            id="out of time",
        ),
        pytest.param(
            job(),
            [pod(terminated(0), "Failed", **OUT_OF_TIME)],
            "Ended AttemptTimeout 0",
            id="out of time, and the program took SIGTERM for a good end",
        ),
        *[
            pytest.param(
                job(FAILED),
                [pod(terminated(0), "Failed", reason=why)],
                f"Ended {reason} 0",
                id=f"kubelet: {why}, and the program took SIGTERM for a good end",
            )
            for why, reason in (
                ("Evicted", "Evicted"),
                ("Terminated", "Evicted"),
                ("NodeLost", "NodeLost"),
            )
        ],
        pytest.param(
            job(), [failed(128, "StartError")], "Ended StartError 128", id="no such program"
        ),
        pytest.param(
            job(FAILED),
            [failed(137, deleted="12:00:06", grace=2)],
            "Ended PodDeleted 137",
            id="somebody deleted the pod",
        ),
        pytest.param(
            job(FAILED),
            [failed(1, deleted="12:10:30")],
            "Ended exit 1",
            id="somebody deleted the pod after it had failed",
        ),
        pytest.param(job(FAILED), [], "Ended PodDeleted", id="the pod is gone, the Job failed"),
        pytest.param(
            job(FAILED),
            [pod(phase="Failed", deleted="12:00:20")],
            "Ended PodDeleted",
            id="deleted before it ran",
        ),
        pytest.param(
            job(FAILED),
            [pod(INITIALISING, "Failed", init=terminated(4))],
            "Ended StartError",
            id="a container that a policy put before it failed",
        ),
        pytest.param(
            job(FAILED),
            [pod(INITIALISING, "Failed", init=terminated(4), deleted="12:10:30")],
            "Ended StartError",
            id="and the pod was deleted later",
        ),
        pytest.param(
            job(FAILED),
            [pod(INITIALISING, "Failed", init=terminated(143), deleted="12:00:06", grace=2)],
            "Ended PodDeleted",
            id="the pod was deleted while a container before it ran",
        ),
        pytest.param(
            job(FAILED),
            [pod(INITIALISING, "Failed", init=terminated(137), conditions=[EVICTING])],
            "Ended Evicted",
            id="the pod was evicted while a container before it ran",
        ),
        pytest.param(
            job(FAILED),
            [pod(terminated(3), "Failed", init=terminated(143))],
            "Ended exit 3",
            id="a sidecar ended badly after the program",
        ),
        pytest.param(
            job(FAILED),
            [pod(phase="Failed")],
            "Ended StartError",
            id="the pod failed, and nobody says why: no better knowledge is no eviction",
        ),
        pytest.param(
            job(FAILED),
            [pod(phase="Failed", reason="SysctlForbidden")],
            "Ended StartError",
            id="a reason that no other node would take away",
        ),
        # --- what the cluster takes away
        pytest.param(
            job(),
            [failed(137, conditions=[EVICTING])],
            "Starting alive",
            id="an evicted pod is replaced by the Job",
        ),
        pytest.param(
            job(),
            [failed(137, conditions=[EVICTING]), pod(RUNNING, "Running", **SECOND)],
            "Running alive",
            id="and the newest pod counts",
        ),
        *[
            pytest.param(
                job(FAILED),
                [failed(137, conditions=[condition("DisruptionTarget", reason=why)])],
                f"Ended {reason} 137",
                id=f"the Job gave up after {why}",
            )
            for why, reason in (
                ("PreemptionByScheduler", "Preempted"),
                ("DeletionByTaintManager", "NodeLost"),
                ("DeletionByPodGC", "NodeLost"),
                ("EvictionByEvictionAPI", "Evicted"),
                ("TerminationByKubelet", "Evicted"),
                ("SomethingNew", "Evicted"),
            )
        ],
        *[
            pytest.param(
                job(FAILED),
                [pod(phase="Failed", reason=why)],
                f"Ended {reason}",
                id=f"kubelet: {why}",
            )
            for why, reason in (
                ("Evicted", "Evicted"),
                ("NodeLost", "NodeLost"),
                ("OutOfcpu", "Evicted"),
                ("UnexpectedAdmissionError", "Evicted"),
            )
        ],
        # --- what people take away
        pytest.param(job(deleted=True), [], "Gone alive leaving", id="the Job is being deleted"),
        pytest.param(
            job(deleted=True),
            [pod(RUNNING, "Running", deleted="12:00:50")],
            "Gone alive leaving",
            id="with a pod that still runs",
        ),
        pytest.param(
            job(deleted=True),
            [failed(143, deleted="12:00:20")],
            "Gone alive leaving",
            id="with a pod that was ended for it",
        ),
        pytest.param(
            job(deleted=True),
            [pod(terminated(0), "Succeeded", deleted="12:00:06", grace=2)],
            "Gone alive leaving",
            id="with a pod that took SIGTERM for a good end",
        ),
    ],
)
def test_sight(a_job: Manifest, pods: list[Manifest], want: str) -> None:
    """Each state of Job and Pods shows one thing."""
    assert want == words(seen(a_job, *pods))


@pytest.mark.parametrize(
    ("pods", "want"),
    [
        pytest.param([], "Gone leaving", id="nothing is left"),
        pytest.param(
            [pod(RUNNING, "Running", deleted="12:00:50")],
            "Gone alive leaving",
            id="its pod still runs",
        ),
        pytest.param([failed(143, deleted="12:00:20")], "Gone leaving", id="its pod has ended"),
        pytest.param([pod(terminated(0), "Succeeded")], "Ended exit 0 leaving", id="it succeeded"),
        pytest.param(
            [pod(terminated(0), "Succeeded", deleted="12:10:30")],
            "Ended exit 0 leaving",
            id="it succeeded before it was deleted",
        ),
        pytest.param(
            [pod(terminated(0), "Succeeded", deleted="12:00:06", grace=2)],
            "Gone leaving",
            id="it took the deletion for a good end",
        ),
    ],
)
def test_a_job_that_is_gone(pods: list[Manifest], want: str) -> None:
    """It is remembered as it was, with the pods that outlive it."""
    assert want == words(seen(job(), *pods, gone=True))


def test_outputs_that_are_lost_are_not_lost_in_silence() -> None:
    """Of a Job that is complete and has no pod any more, nobody can read the outputs."""
    ending = seen(job(COMPLETE)).ending
    assert ending is not None
    assert "outputs" in ending.message
