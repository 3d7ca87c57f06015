"""What Events say of what waits: `headrace.cluster.words`."""

import asyncio
from typing import Any

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.cluster.words import (
    AGAIN_SECONDS,
    IN_NAMESPACE,
    PAGE,
    PAGES,
    PATIENCE_SECONDS,
    POD_PATIENCE_SECONDS,
    WINDOW_SECONDS,
    Complaints,
)
from headrace.engine.task.observed import Sighting, Stage
from headrace.kube.resources import CORE_EVENTS
from headrace.manifests.where import where
from support.plumbing import Rig
from support.virtual_time import VirtualTimeLoop

EVENT_LOOP = VirtualTimeLoop
QUOTA = 'pods "extract-x" is forbidden: exceeded quota'
MISSING = 'MountVolume.SetUp failed for volume "login" : secret "warehouse-files" not found'


def waiting(job: str, pod: str | None = None) -> Sighting:
    """Return the sighting of a Job whose program does not run."""
    return Sighting(1, Stage.STARTING, where=where(job, pod))


def event(name: str, message: str, number: int = 1, **more: Any) -> dict[str, Any]:
    """Return an Event; without more, of a pod that could not be made for a Job."""
    return {
        "metadata": {"name": f"{name}.{number}", "namespace": "default"},
        "involvedObject": {"kind": "Job", "name": name},
        "type": "Warning",
        "reason": "FailedCreate",
        "source": {"component": "job-controller"},
        "message": message,
        **more,
    }


def of_pod(reason: str, message: str, number: int = 1, author: str = "kubelet") -> dict[str, Any]:
    """Return an Event about the pod `x`."""
    about = {"kind": "Pod", "name": "x"}
    source = {"component": author}
    return event("x", message, number, involvedObject=about, reason=reason, source=source)


async def written(*events: dict[str, Any]) -> Rig:
    """Return a server that has these Events, of which nobody has read one."""
    rig = Rig()
    for each in events:
        await rig.client.create(CORE_EVENTS, each, dict[str, Any])
    rig.seen.clear()
    return rig


async def told(words: Complaints, sighting: Sighting) -> tuple[Reason | None, str]:
    """Return what a sighting waits for, once its Events were looked at."""
    found = await words.explain("default", sighting)
    assert found is not None
    return found[0].waiting, found[0].message


async def patiently(rig: Rig, sighting: Sighting) -> tuple[Reason | None, str]:
    """Return what is told of a sighting that has waited for longer than usual."""
    words = Complaints(rig.client)
    assert (None, "") == await told(words, sighting)
    await asyncio.sleep(POD_PATIENCE_SECONDS)
    return await told(words, sighting)


async def test_nobody_asks_about_a_job_that_has_just_been_made() -> None:
    """Its pod comes within milliseconds."""
    rig = Rig()
    assert (None, "") == await told(Complaints(rig.client), waiting("a"))
    assert [] == rig.seen


@pytest.mark.parametrize(
    "sighting",
    [
        Sighting(1, Stage.RUNNING, where=where("a", "x")),
        Sighting(1, Stage.STARTING, where=where("a", "x"), waiting=Reason.UNSCHEDULABLE),
    ],
)
async def test_nobody_asks_about_what_says_itself_how_it_is(sighting: Sighting) -> None:
    """A status is better than an Event."""
    assert await Complaints(Rig().client).explain("default", sighting) is None


async def test_the_newest_words_about_a_job_are_found() -> None:
    """Each try of the Job controller tells anew why it failed."""
    rig = await written(*(event("a", words, n) for n, words in enumerate(("away", QUOTA))))
    assert (Reason.QUOTA_EXCEEDED, QUOTA) == await patiently(rig, waiting("a"))


@pytest.mark.parametrize(
    ("events", "want"),
    [
        pytest.param(
            [of_pod("FailedMount", MISSING)],
            (Reason.CONTAINER_CONFIG_ERROR, MISSING),
            id="a volume of a Secret that is missing",
        ),
        pytest.param(
            [of_pod("FailedCreatePodSandBox", "no room for a shim")],
            (Reason.CONTAINER_CONFIG_ERROR, "no room for a shim"),
            id="a sandbox that cannot be made",
        ),
        pytest.param(
            [of_pod("FailedMount", MISSING), of_pod("Pulling", "Pulling image", 2)],
            (None, ""),
            id="the trouble has passed: the image is pulled",
        ),
        pytest.param(
            [of_pod("FailedMount", MISSING), of_pod("FailedMount", "a lie", 2, "somebody")],
            (Reason.CONTAINER_CONFIG_ERROR, MISSING),
            id="only the kubelet and its like are believed",
        ),
        pytest.param([event("a", QUOTA)], (None, ""), id="words about its Job, which are old"),
    ],
)
async def test_what_is_told_of_a_pod(
    events: list[dict[str, Any]], want: tuple[Reason | None, str]
) -> None:
    """What keeps a container from being started at all is in no status."""
    assert want == await patiently(await written(*events), waiting("a", "x"))


async def test_large_events_are_read_a_few_at_a_time_and_kept_in_part() -> None:
    """Whoever may write Events can write a thousand, each as large as an object may be."""
    large = [event("a", f"{number:03}" + "x" * 10_000, number) for number in range(100)]
    rig = await written(*large)
    rig.transport.requests.clear()

    _, message = await patiently(rig, waiting("a"))

    asked = [request.target for request in rig.transport.requests]
    assert len(message) <= 900
    assert "type%3DWarning" in asked.pop(0)
    assert PAGES == len(asked)
    assert all(f"limit={PAGE}" in target for target in asked)
    assert all("involvedObject.name%3Da" in target for target in asked)


async def test_events_about_others_are_not_read() -> None:
    """The server selects them."""
    rig = await written(*(event(f"other-{number}", "x", number) for number in range(50)))
    assert (None, "") == await patiently(rig, waiting("a"))
    assert [("list", 200)] * 2 == rig.seen


async def test_where_nothing_warns_one_request_is_enough_for_all() -> None:
    """Tasks of a busy cluster start late, and nothing is in their way."""
    rig = await written(event("a", "Created pod", type="Normal"))
    words = Complaints(rig.client)
    jobs = [waiting(f"job-{number}") for number in range(100)]
    for job in jobs:
        await told(words, job)
    await asyncio.sleep(PATIENCE_SECONDS)
    assert [(None, "")] * 100 == [await told(words, job) for job in jobs]
    assert [("list", 200)] == rig.seen


async def test_many_jobs_that_wait_cost_few_requests() -> None:
    """A Job controller that is behind keeps hundreds of Jobs waiting."""
    rig = await written(event("other", QUOTA))
    words = Complaints(rig.client)
    jobs = [waiting(f"job-{number}") for number in range(100)]
    for job in jobs:
        await told(words, job)
    await asyncio.sleep(PATIENCE_SECONDS)
    for job in jobs:
        await told(words, job)
    assert 1 + IN_NAMESPACE == len(rig.seen)
    await asyncio.sleep(WINDOW_SECONDS)
    for job in jobs:
        await told(words, job)
    assert 2 * (1 + IN_NAMESPACE) == len(rig.seen)


async def test_a_job_that_waits_on_is_asked_for_again() -> None:
    """What is in its way may change."""
    rig = Rig()
    words = Complaints(rig.client)
    await told(words, waiting("a"))
    await asyncio.sleep(PATIENCE_SECONDS)
    assert (None, "") == await told(words, waiting("a"))
    await rig.client.create(CORE_EVENTS, event("a", QUOTA), dict[str, Any])
    assert (None, "") == await told(words, waiting("a"))
    await asyncio.sleep(AGAIN_SECONDS)
    assert (Reason.QUOTA_EXCEEDED, QUOTA) == await told(words, waiting("a"))


async def test_a_server_that_does_not_answer_leaves_things_as_they_are() -> None:
    """Without words a task still waits with a reason."""
    rig = await written(event("a", QUOTA))
    words = Complaints(rig.client)
    await told(words, waiting("a"))
    await asyncio.sleep(PATIENCE_SECONDS)
    rig.transport.faults.black_hole = True
    assert (None, "") == await told(words, waiting("a"))
