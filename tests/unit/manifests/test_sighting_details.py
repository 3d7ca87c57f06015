"""Names, times and words of a sighting: `headrace.manifests.sighting`."""

import msgspec
import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.task.observed import Stage
from headrace.manifests.kube import Job
from headrace.manifests.sighting import attempt_number
from headrace.manifests.where import where
from support.kube_json import (
    EVICTING,
    NOW,
    RUNNING,
    SECOND,
    Manifest,
    condition,
    failed,
    job,
    moment,
    pod,
    seen,
    terminated,
)


def test_names_and_times_are_told() -> None:
    """All that the log of an attempt has."""
    shown = seen(job(annotations={"headrace.dev/memory": "768Mi"}), pod(RUNNING, "Running"))
    assert (2, where("etl-1-extract-abcdefghij", "extract-x1", "node-1"), "768Mi") == (
        *(shown.number, shown.where, shown.memory),
    )
    assert (moment("12:00:00"), moment("12:00:02"), moment("12:00:03")) == (
        *(shown.created, shown.scheduled, shown.started),
    )


def test_outputs_are_the_termination_message_of_a_success() -> None:
    """They are passed on unread, with the time of the program's end."""
    shown = seen(job(), pod(terminated(0, message='{"rows": 3}\n'), "Running"))
    assert shown.ending is not None
    assert ('{"rows": 3}\n', moment("12:00:05")) == (shown.ending.output, shown.ending.at)


def test_the_first_success_counts() -> None:
    """Also when the replacement pod succeeds too."""
    first = pod(terminated(0, message='{"rows": 1}'), "Running")
    second = pod(terminated(0, message='{"rows": 2}'), "Succeeded", **SECOND)
    shown = seen(job(), second, first)
    assert shown.ending is not None
    assert '{"rows": 1}' == shown.ending.output


def test_a_container_that_never_started_has_no_start_time() -> None:
    """The kubelet writes the year 1970 there."""
    never = terminated(128, "StartError", startedAt="1970-01-01T00:00:00Z")
    assert seen(job(), pod(never, "Failed")).started is None


@pytest.mark.parametrize(
    ("a_job", "pods", "want"),
    [
        pytest.param(job(), [], None, id="from the creation of the Job"),
        pytest.param(job(), [pod()], None, id="from the creation of the Job, not of its first pod"),
        pytest.param(
            job(),
            [failed(137, conditions=[EVICTING]), pod(**SECOND)],
            SECOND["made"],
            id="from the creation of a replacement pod",
        ),
        pytest.param(
            job(condition("Suspended", "False", when="12:30:00")),
            [],
            "12:30:00",
            id="from the end of a suspension",
        ),
        pytest.param(
            job(condition("Suspended", "False", when="12:30:00")),
            [pod(made="12:31:00")],
            "12:30:00",
            id="from the end of a suspension, not from the next pod",
        ),
        pytest.param(
            job(), [failed(137, conditions=[EVICTING])], "12:00:30", id="from the loss of the pod"
        ),
    ],
)
def test_since_when_it_waits(a_job: Manifest, pods: list[Manifest], want: str | None) -> None:
    """A replaced pod has its own time to start."""
    assert (moment(want) if want else None) == seen(a_job, *pods).waiting_since


def test_times_that_nobody_tells_are_now() -> None:
    """A failure without a time is one of this moment."""
    shown = seen(job(), pod(phase="Failed", reason="Evicted"))
    assert shown.ending is not None
    assert shown.ending.at == NOW


def test_a_job_whose_label_somebody_changed_is_refused() -> None:
    """Whoever reads it leaves it out."""
    strange = msgspec.convert(job(labels={"headrace.dev/attempt": "two"}), Job)
    with pytest.raises(ValueError, match="two"):
        attempt_number(strange)


def test_the_stages_of_the_table_are_all_there_are() -> None:
    """A new stage needs new rows. Only attempts without a Job wait."""
    theirs = {stage.value for stage in Stage if stage is not Stage.WAITING}
    assert {"Starting", "Running", "Ended", "Gone"} == theirs
    assert Reason.SUSPENDED == seen(job(suspend=True)).waiting


def crowd(state: Manifest) -> Manifest:
    """Return a pod whose program has ended well, beside another container."""
    made = pod(terminated(0), "Running")
    made["status"]["containerStatuses"][0]["state"] = state
    return made


@pytest.mark.parametrize(
    ("a_job", "a_pod", "want"),
    [
        pytest.param(job(), crowd(RUNNING), "12:00:05", id="another container goes on"),
        pytest.param(job(), crowd(terminated(0)), None, id="the other container has ended too"),
        pytest.param(job(deleted=True), crowd(RUNNING), None, id="the pod is being ended"),
        pytest.param(job(), pod(RUNNING, "Running"), None, id="the program itself runs"),
    ],
)
def test_what_goes_on_beside_a_program_that_ended_well(
    a_job: Manifest, a_pod: Manifest, want: str | None
) -> None:
    """A container that a policy injected may never end."""
    assert (moment(want) if want else None) == seen(a_job, a_pod).crowded_since
