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
        pytest.param(
            job(), [pod(node="")], "Starting alive", id="the scheduler has not seen the pod"
        ),
        pytest.param(job(), [STALLED], "Starting Unschedulable alive", id="no node takes the pod"),
        pytest.param(
            job(),
            [pod(conditions=[GATED], node="")],
            "Starting Suspended alive",
            id="a scheduling gate holds the pod",
        ),
        pytest.param(job(), [pod()], "Starting alive", id="a node took the pod"),
        pytest.param(
            job(),
            [pod(waiting("ContainerCreating"))],
            "Starting alive",
            id="the node prepares the container",
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
        pytest.param(
            job(suspend=True),
            [],
            "Starting Suspended alive",
            id="the Job is suspended from the start",
        ),
        pytest.param(
            job(suspend=True),
            [failed(143, deleted="12:00:20")],
            "Starting Suspended alive",
            id="the Job is suspended while its pod ran, which is no failure",
        ),
        pytest.param(
            job(condition("Suspended")),
            [failed(143, deleted="12:00:20")],
            "Starting alive",
            id="let go a moment ago: the Job controller has not noticed, and its pod was removed",
        ),
        pytest.param(
            job(condition("Suspended", "False", when="12:00:25")),
            [failed(143, deleted="12:00:30", grace=10)],
            "Starting alive",
            id="let go before the pod that was removed has ended",
        ),
        pytest.param(
            job(condition("Suspended", "False", when="12:00:02")),
            [failed(143, deleted="12:00:06", grace=2)],
            "Ended PodDeleted 143",
            id="somebody deleted the pod after the Job was let go",
        ),
        # --- it runs
        pytest.param(job(), [pod(RUNNING, "Running")], "Running alive", id="the container runs"),
        pytest.param(
            job(),
            [pod(RUNNING, "Running", conditions=[TAINTED], deleted="12:05:00")],
            "Running alive",
            id="the node is lost, and the pod waits to be removed",
        ),
        pytest.param(
            job(),
            [pod(terminated(1), "Running")],
            "Running alive",
            id="the container failed, but a disruption may still be reported",
        ),
        # --- success
        pytest.param(
            job(),
            [pod(terminated(0), "Running")],
            "Ended exit 0",
            id="the container succeeded, and the pod still runs",
        ),
        pytest.param(
            job(COMPLETE),
            [pod(terminated(0), "Succeeded")],
            "Ended exit 0",
            id="the container succeeded, and the Job is complete",
        ),
        pytest.param(
            job(),
            [pod(None, "Succeeded")],
            "Ended exit 0",
            id="the pod succeeded, without a status of its container",
        ),
        pytest.param(
            job(COMPLETE), [], "Ended exit 0", id="the pod is gone, and the Job is complete"
        ),
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
            id="another pod starts after the success, listed first",
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
        pytest.param(
            job(FAILED), [failed(3)], "Ended exit 3", id="a bad exit code, and the Job has failed"
        ),
        pytest.param(
            job(),
            [failed(137, "OOMKilled")],
            "Ended OOMKilled 137",
            id="the program had too little memory",
        ),
        pytest.param(
            job(),
            [failed(5, "OOMKilled")],
            "Ended OOMKilled 5",
            id="a child of the program had too little memory",
        ),
        pytest.param(
            job(),
            [failed(137, reason="Error")],
            "Ended exit 137",
            id="exit code 137 without a known cause",
        ),
        pytest.param(
            job(),
            [pod(terminated(137), "Failed", **OUT_OF_TIME)],
            "Ended AttemptTimeout 137",
            id="the attempt's time is over",
        ),
        pytest.param(
            job(),
            [pod(terminated(0), "Failed", **OUT_OF_TIME)],
            "Ended AttemptTimeout 0",
            id="the attempt's time is over, and the program ends with 0 on SIGTERM",
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
            job(),
            [failed(128, "StartError")],
            "Ended StartError 128",
            id="the program does not exist",
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
        pytest.param(
            job(FAILED), [], "Ended PodDeleted", id="the pod is gone, and the Job has failed"
        ),
        pytest.param(
            job(FAILED),
            [pod(phase="Failed", deleted="12:00:20")],
            "Ended PodDeleted",
            id="somebody deleted the pod before it ran",
        ),
        pytest.param(
            job(FAILED),
            [pod(INITIALISING, "Failed", init=terminated(4))],
            "Ended StartError",
            id="an init container of a policy failed",
        ),
        pytest.param(
            job(FAILED),
            [pod(INITIALISING, "Failed", init=terminated(4), deleted="12:10:30")],
            "Ended StartError",
            id="an init container failed, and somebody deleted the pod later",
        ),
        pytest.param(
            job(FAILED),
            [pod(INITIALISING, "Failed", init=terminated(143), deleted="12:00:06", grace=2)],
            "Ended PodDeleted",
            id="somebody deleted the pod while an init container ran",
        ),
        pytest.param(
            job(FAILED),
            [pod(INITIALISING, "Failed", init=terminated(137), conditions=[EVICTING])],
            "Ended Evicted",
            id="the pod was evicted while an init container ran",
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
            id="the pod failed without a known cause, which is no eviction",
        ),
        pytest.param(
            job(FAILED),
            [pod(phase="Failed", reason="SysctlForbidden")],
            "Ended StartError",
            id="a failure that would recur on another node",
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
            id="the newest pod counts after an eviction",
        ),
        pytest.param(
            job(),
            [failed(137, conditions=[EVICTING], name="z"), pod(RUNNING, "Running", name="a")],
            "Running alive",
            id="the Job made another pod within the same second",
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
            id="the Job is being deleted, and its pod still runs",
        ),
        pytest.param(
            job(deleted=True),
            [failed(143, deleted="12:00:20")],
            "Gone alive leaving",
            id="the Job is being deleted, and its pod was ended",
        ),
        pytest.param(
            job(deleted=True),
            [pod(terminated(0), "Succeeded", deleted="12:00:06", grace=2)],
            "Gone alive leaving",
            id="the Job is being deleted, and the program ends with 0 on SIGTERM",
        ),
    ],
)
def test_sight(a_job: Manifest, pods: list[Manifest], want: str) -> None:
    """Each state of Job and Pods shows one thing."""
    assert want == words(seen(a_job, *pods))


@pytest.mark.parametrize(
    ("pods", "want"),
    [
        pytest.param([], "Gone leaving", id="the Job has no pod"),
        pytest.param(
            [pod(RUNNING, "Running", deleted="12:00:50")],
            "Gone alive leaving",
            id="the pod of the Job still runs",
        ),
        pytest.param(
            [failed(143, deleted="12:00:20")], "Gone leaving", id="the pod of the Job has ended"
        ),
        pytest.param(
            [pod(terminated(0), "Succeeded")], "Ended exit 0 leaving", id="the program succeeded"
        ),
        pytest.param(
            [pod(terminated(0), "Succeeded", deleted="12:10:30")],
            "Ended exit 0 leaving",
            id="the program succeeded before the deletion",
        ),
        pytest.param(
            [pod(terminated(0), "Succeeded", deleted="12:00:06", grace=2)],
            "Gone leaving",
            id="the program ends with 0 because of the deletion",
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
