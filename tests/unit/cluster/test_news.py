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
        pytest.param(None, RUN, False, News.SOON, id="we created a TaskRun of a run"),
        pytest.param(RUN, None, True, News.NOW, id="a run is gone"),
        pytest.param(
            RUN,
            replace(RUN, metadata=meta(2)),
            True,
            News.NONE,
            id="only the version of a run changed",
        ),
        pytest.param(
            RUN,
            OwnObject(meta(2), RUN.spec, {}),
            True,
            News.SOON,
            id="somebody overwrote the status of a run",
        ),
        pytest.param(
            RUN,
            OwnObject(meta(2, generation=2), {"desiredState": "Cancel"}, RUN.status),
            True,
            News.NOW,
            id="somebody cancels a run",
        ),
        pytest.param(
            RUN,
            replace(RUN, metadata=meta(2, deletion_timestamp=NOON)),
            True,
            News.NOW,
            id="a run is being deleted",
        ),
        pytest.param(
            RUN,
            replace(RUN, metadata=meta(2, uid="v")),
            True,
            News.NOW,
            id="another run has the name now",
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
        pytest.param(None, JOB, News.SOON, id="we created a Job"),
        pytest.param(JOB, None, News.NOW, id="a Job is gone"),
        pytest.param(JOB, Job(meta(2)), News.NONE, id="a Job counts its pods"),
        pytest.param(JOB, Job(meta(2), status=condition("Failed")), News.NOW, id="a Job failed"),
        pytest.param(
            Job(meta(2), status=condition("Failed")),
            Job(meta(3), status=JobStatus((*condition("Failed").conditions, ConditionView("X")))),
            News.SOON,
            id="a failed Job gets another condition",
        ),
        pytest.param(
            JOB,
            Job(meta(2), status=condition("Complete")),
            News.SOON,
            id="a Job completes after its pod succeeded",
        ),
        pytest.param(
            JOB, Job(meta(2, generation=2)), News.NOW, id="somebody suspended or resumed a Job"
        ),
        pytest.param(
            JOB, Job(meta(2, deletion_timestamp=NOON)), News.NOW, id="somebody deletes a Job"
        ),
    ],
)
def test_jobs(old: Job | None, new: Job | None, want: News) -> None:
    """A Job is news when its end is, and no pod will tell it."""
    assert want == news.of_job(old, new)


@pytest.mark.parametrize(
    ("old", "new", "want"),
    [
        pytest.param(None, POD, News.SOON, id="a pod was created"),
        pytest.param(POD, RUNS, News.SOON, id="a pod runs"),
        pytest.param(RUNS, replace(RUNS, metadata=meta(9)), News.NONE, id="a pod got an address"),
        pytest.param(RUNS, ENDED, News.NOW, id="the container of a pod ended"),
        pytest.param(None, ENDED, News.NOW, id="a new pod has ended already"),
        pytest.param(ENDED, OVER, News.SOON, id="a pod succeeded after its container"),
        pytest.param(
            ENDED,
            replace(OVER, status=phase("Failed")),
            News.NOW,
            id="a pod failed after its container",
        ),
        pytest.param(POD, EVICTED, News.NOW, id="a pod failed without an end of its container"),
        pytest.param(
            RUNS,
            replace(RUNS, metadata=meta(3, deletion_timestamp=NOON)),
            News.NOW,
            id="somebody deletes a pod",
        ),
        pytest.param(RUNS, None, News.NOW, id="a running pod vanished"),
        pytest.param(OVER, None, News.SOON, id="an ended pod was collected"),
    ],
)
def test_pods(old: Pod | None, new: Pod | None, want: News) -> None:
    """A pod is news when its program has ended: what waits for it can start."""
    assert want == news.of_pod(old, new)


@pytest.mark.parametrize(
    ("pod", "want"),
    [
        pytest.param(RUNS, False, id="the container runs"),
        pytest.param(ENDED, True, id="the container ended with 0"),
        pytest.param(
            Pod(meta(), status=phase("Failed", terminated=Terminated(1))),
            False,
            id="the container ended with 1",
        ),
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
