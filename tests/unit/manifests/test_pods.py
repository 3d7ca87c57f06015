"""What one Pod says: `headrace.manifests.pods`."""

import pytest

from support.kube_json import (
    EVICTING,
    FAILED,
    INITIALISING,
    OUT_OF_TIME,
    RUNNING,
    STALLED,
    TAINTED,
    Manifest,
    failed,
    job,
    pod,
    seen,
    terminated,
    waiting,
)


@pytest.mark.parametrize(
    ("pods", "want"),
    [
        pytest.param(
            [STALLED],
            "0/1 nodes are available: 1 Insufficient memory.",
            id="the scheduler finds no node",
        ),
        pytest.param(
            [pod(waiting("ErrImagePull", "no such host"))],
            "no such host",
            id="the registry does not answer",
        ),
        pytest.param(
            [pod(waiting("ImagePullBackOff"))],
            "ImagePullBackOff",
            id="the kubelet gives a reason without a message",
        ),
        pytest.param(
            [pod(RUNNING, "Running", conditions=[TAINTED], deleted="12:05:00")],
            "pod extract-x1 is being removed: DeletionByTaintManager",
            id="the node is lost",
        ),
        pytest.param(
            [pod(RUNNING, "Running", deleted="12:05:00")],
            "pod extract-x1 is being removed: somebody deleted it",
            id="somebody deletes the pod",
        ),
        pytest.param(
            [failed(137, conditions=[EVICTING])],
            "pod extract-x1 was lost (EvictionByEvictionAPI); the Job creates another",
            id="the pod was evicted",
        ),
        pytest.param(
            [pod(INITIALISING, init=waiting("ImagePullBackOff", "no such host"))],
            "init container vault: no such host",
            id="the image of an init container cannot be pulled",
        ),
        pytest.param([pod(INITIALISING, init=RUNNING)], "", id="an init container runs"),
        pytest.param([pod(RUNNING, "Running")], "", id="the container runs"),
    ],
)
def test_what_is_said_while_it_goes_on(pods: list[Manifest], want: str) -> None:
    """The cluster's own words."""
    assert want == seen(job(), *pods).message


@pytest.mark.parametrize(
    ("a_pod", "want"),
    [
        pytest.param(failed(3), "ended with exit code 3", id="an exit code without a message"),
        pytest.param(
            failed(3, words="no such table\n"),
            "ended with exit code 3: no such table",
            id="an exit code with the program's message",
        ),
        pytest.param(
            failed(137),
            "ended with exit code 137 (SIGKILL, which is also how the kernel ends it when memory"
            " runs out)",
            id="the program was killed",
        ),
        pytest.param(
            failed(137, "OOMKilled", words='{"half": '),
            "the container used more memory than its limit",
            id="the container had too little memory",
        ),
        pytest.param(
            failed(128, "StartError", words="exec: no such file"),
            "exec: no such file",
            id="the runtime could not start the program",
        ),
        pytest.param(
            pod(
                terminated(137, message="half"),
                "Failed",
                **OUT_OF_TIME,
            ),
            "Pod was active on the node longer",
            id="the attempt's time is over",
        ),
        pytest.param(
            pod(phase="Failed", reason="OutOfcpu", message="Node didn't have enough"),
            "Node didn't have enough",
            id="the kubelet refused the pod",
        ),
        pytest.param(
            pod(INITIALISING, "Failed", init=terminated(4)),
            "init container vault ended with exit code 4",
            id="an init container failed",
        ),
        pytest.param(
            pod(INITIALISING, "Failed", init=terminated(4, message="no vault\n")),
            "init container vault ended with exit code 4: no vault",
            id="an init container failed with a message",
        ),
        pytest.param(
            pod(INITIALISING, "Failed", init=terminated(137, "OOMKilled")),
            "init container vault used more memory than its limit",
            id="an init container had too little memory",
        ),
        pytest.param(
            pod(INITIALISING, "Failed"),
            "the pod failed before its container ran, and Kubernetes does not say why",
            id="the pod failed without a known cause",
        ),
        pytest.param(
            failed(9, deleted="12:00:06", grace=2),
            "somebody deleted the pod",
            id="somebody deleted the pod",
        ),
        pytest.param(
            failed(1, conditions=[TAINTED]), "node is gone", id="a disruption with a message"
        ),
    ],
)
def test_what_is_said_of_a_failure(a_pod: Manifest, want: str) -> None:
    """The program's words, or those of who ended it."""
    shown = seen(job(FAILED), a_pod)
    assert shown.ending is not None
    assert want == shown.ending.message


def test_words_are_bounded() -> None:
    """A scheduler of a thousand nodes has a lot to say."""
    shown = seen(job(), pod(waiting("ErrImagePull", "x" * 5000)))
    assert len(shown.message) <= 900
