"""What a change is worth: `headrace.cluster.news`."""

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from headrace.cluster import news
from headrace.cluster.news import News
from headrace.kube.objects import Meta
from headrace.manifests.kube import (
    ConditionView,
    ContainerState,
    ContainerStatus,
    Job,
    JobStatus,
    OwnObject,
    Pod,
    PodStatus,
    Running,
    Terminated,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def meta(version: int = 1, **more: Any) -> Meta:
    """Return metadata at a version."""
    known = {"uid": "u", "generation": 1, **more}
    return Meta(name="a", namespace="default", resource_version=str(version), **known)


RUN = OwnObject(meta(), {"desiredState": "Run"}, {"progress": "0/1"})
JOB = Job(meta())
POD = Pod(meta())


def condition(kind: str) -> JobStatus:
    """Return the status of a Job of which a condition holds."""
    return JobStatus((ConditionView(kind, "True"),))


def phase(name: str, **state: Any) -> PodStatus:
    """Return the status of a pod with one container."""
    return PodStatus(name, container_statuses=(ContainerStatus("main", ContainerState(**state)),))


RUNS = Pod(meta(2), status=phase("Running", running=Running(NOON)))
ENDED = Pod(meta(3), status=phase("Running", terminated=Terminated(0)))
OVER = Pod(meta(4), status=phase("Succeeded", terminated=Terminated(0)))
EVICTED = Pod(meta(4), status=PodStatus("Failed", reason="Evicted"))


@pytest.mark.parametrize(
    ("old", "new", "begins", "want"),
    [
        pytest.param(None, RUN, True, News.NOW, id="a new run begins"),
        pytest.param(None, RUN, False, News.SOON, id="a TaskRun of a run was made by us"),
        pytest.param(RUN, None, True, News.NOW, id="it is gone"),
        pytest.param(RUN, replace(RUN, metadata=meta(2)), True, News.NONE, id="a new version"),
        pytest.param(
            RUN, OwnObject(meta(2), RUN.spec, {}), True, News.SOON, id="its status is written over"
        ),
        pytest.param(
            RUN,
            OwnObject(meta(2, generation=2), {"desiredState": "Cancel"}, RUN.status),
            True,
            News.NOW,
            id="somebody wants it to end",
        ),
        pytest.param(
            RUN,
            replace(RUN, metadata=meta(2, deletion_timestamp=NOON)),
            True,
            News.NOW,
            id="it is being deleted",
        ),
        pytest.param(
            RUN, replace(RUN, metadata=meta(2, uid="v")), True, News.NOW, id="another has its name"
        ),
    ],
)
def test_own_objects(
    old: OwnObject | None,
    new: OwnObject | None,
    begins: bool,  # noqa: FBT001 - a case
    want: News,
) -> None:
    """What people ask for is news; what we wrote into a status, we know."""
    assert want == news.of_own(old, new, begins=begins)


@pytest.mark.parametrize(
    ("old", "new", "want"),
    [
        pytest.param(None, JOB, News.SOON, id="we made it"),
        pytest.param(JOB, None, News.NOW, id="it is gone"),
        pytest.param(JOB, Job(meta(2)), News.NONE, id="it counts its pods"),
        pytest.param(JOB, Job(meta(2), status=condition("Failed")), News.NOW, id="it failed"),
        pytest.param(
            Job(meta(2), status=condition("Failed")),
            Job(meta(3), status=JobStatus((*condition("Failed").conditions, ConditionView("X")))),
            News.SOON,
            id="it had failed before",
        ),
        pytest.param(
            JOB, Job(meta(2), status=condition("Complete")), News.SOON, id="its pod told that"
        ),
        pytest.param(
            JOB, Job(meta(2, generation=2)), News.NOW, id="somebody suspended it or let it go"
        ),
        pytest.param(
            JOB, Job(meta(2, deletion_timestamp=NOON)), News.NOW, id="somebody deletes it"
        ),
    ],
)
def test_jobs(old: Job | None, new: Job | None, want: News) -> None:
    """A Job is news when its end is, and no pod will tell it."""
    assert want == news.of_job(old, new)


@pytest.mark.parametrize(
    ("old", "new", "want"),
    [
        pytest.param(None, POD, News.SOON, id="it was made"),
        pytest.param(POD, RUNS, News.SOON, id="it runs"),
        pytest.param(RUNS, replace(RUNS, metadata=meta(9)), News.NONE, id="it got an address"),
        pytest.param(RUNS, ENDED, News.NOW, id="its container ended"),
        pytest.param(None, ENDED, News.NOW, id="it was not seen before"),
        pytest.param(ENDED, OVER, News.SOON, id="it succeeded, as its container told"),
        pytest.param(
            ENDED, replace(OVER, status=phase("Failed")), News.NOW, id="a failure is judged now"
        ),
        pytest.param(POD, EVICTED, News.NOW, id="it fails without an end of its container"),
        pytest.param(
            RUNS,
            replace(RUNS, metadata=meta(3, deletion_timestamp=NOON)),
            News.NOW,
            id="somebody removes it",
        ),
        pytest.param(RUNS, None, News.NOW, id="it vanishes while it runs"),
        pytest.param(OVER, None, News.SOON, id="it is collected after its end"),
    ],
)
def test_pods(old: Pod | None, new: Pod | None, want: News) -> None:
    """A pod is news when its program has ended: what waits for it can start."""
    assert want == news.of_pod(old, new)


@pytest.mark.parametrize(
    ("pod", "want"),
    [
        pytest.param(RUNS, False, id="it runs"),
        pytest.param(ENDED, True, id="its container ended with 0"),
        pytest.param(Pod(meta(), status=phase("Failed", terminated=Terminated(1))), False, id="1"),
    ],
)
def test_succeeded(pod: Pod, want: bool) -> None:  # noqa: FBT001 - a column of the table
    """Only a good end may be looked at later: a bad one may start a retry."""
    assert want == news.succeeded(pod)


def beside(main: ContainerState, proxy: ContainerState) -> Pod:
    """Return a pod with a container that somebody injected."""
    statuses = (ContainerStatus("main", main), ContainerStatus("proxy", proxy))
    return Pod(meta(5), status=PodStatus("Running", container_statuses=statuses))


def test_an_end_after_that_of_an_injected_container_is_news() -> None:
    """Whatever has ended before, each container's end is one."""
    running, over = ContainerState(running=Running(NOON)), ContainerState(terminated=Terminated(1))
    left = ContainerState(terminated=Terminated(0))
    assert News.NOW is news.of_pod(beside(running, left), beside(over, left))
    assert News.NOW is news.of_pod(beside(running, left), None)
    assert News.SOON is news.of_pod(beside(over, left), None)
