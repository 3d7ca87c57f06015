"""The Job controller's words: `headrace.cluster.words`."""

import asyncio
from typing import Any

from headrace.cluster.words import AGAIN_SECONDS, PATIENCE_SECONDS, PAUSE_SECONDS, FailedCreates
from headrace.engine.task.observed import Sighting, Stage
from headrace.kube.resources import CORE_EVENTS
from support.plumbing import Rig
from support.virtual_time import VirtualTimeLoop

EVENT_LOOP = VirtualTimeLoop
QUOTA = 'pods "extract-x" is forbidden: exceeded quota'


def waiting(job: str) -> Sighting:
    """Return the sighting of a Job without a pod."""
    return Sighting(1, Stage.STARTING, job=job)


def failed_create(job: str, message: str, number: int = 1) -> dict[str, Any]:
    """Return the Event of a pod that could not be made."""
    return {
        "metadata": {"name": f"{job}.{number}", "namespace": "default"},
        "involvedObject": {"kind": "Job", "name": job},
        "reason": "FailedCreate",
        "message": message,
    }


async def test_nobody_asks_about_a_job_that_has_just_been_made() -> None:
    """Its pod comes within milliseconds."""
    rig = Rig()
    assert await FailedCreates(rig.client).about("default", waiting("a")) is None
    assert [] == rig.seen


async def test_the_newest_words_about_a_job_are_found() -> None:
    """Each try of the Job controller tells anew why it failed."""
    rig = Rig()
    for number, message in enumerate(("webhook is away", QUOTA)):
        await rig.client.create(CORE_EVENTS, failed_create("a", message, number), dict[str, Any])
    words = FailedCreates(rig.client)
    await words.about("default", waiting("a"))
    await asyncio.sleep(PATIENCE_SECONDS)
    assert QUOTA == await words.about("default", waiting("a"))


async def test_many_jobs_that_wait_cost_one_list() -> None:
    """A Job controller that is behind keeps hundreds of Jobs waiting."""
    rig = Rig()
    words = FailedCreates(rig.client)
    jobs = [waiting(f"job-{number}") for number in range(100)]
    for job in jobs:
        await words.about("default", job)
    await asyncio.sleep(PATIENCE_SECONDS)
    for job in jobs:
        await words.about("default", job)
    assert [("list", 200)] == rig.seen


async def test_a_job_that_waits_later_is_asked_for_after_a_pause() -> None:
    """It is told what is in its way within some seconds, also where another was asked for."""
    rig = Rig()
    words = FailedCreates(rig.client)
    await words.about("default", waiting("a"))
    await asyncio.sleep(PATIENCE_SECONDS)
    await words.about("default", waiting("a"))
    await words.about("default", waiting("b"))
    await rig.client.create(CORE_EVENTS, failed_create("b", QUOTA), dict[str, Any])
    await asyncio.sleep(PATIENCE_SECONDS)
    assert await words.about("default", waiting("b")) is None
    await asyncio.sleep(PAUSE_SECONDS - PATIENCE_SECONDS)
    assert QUOTA == await words.about("default", waiting("b"))


async def test_a_job_that_waits_on_is_asked_for_again() -> None:
    """What is in its way may change."""
    rig = Rig()
    words = FailedCreates(rig.client)
    await words.about("default", waiting("a"))
    await asyncio.sleep(PATIENCE_SECONDS)
    assert await words.about("default", waiting("a")) is None
    await rig.client.create(CORE_EVENTS, failed_create("a", QUOTA), dict[str, Any])
    await asyncio.sleep(AGAIN_SECONDS)
    assert QUOTA == await words.about("default", waiting("a"))
