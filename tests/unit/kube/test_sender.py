"""How often a call is tried, how fast, and when it is not sent: `headrace.kube.sender`."""

import asyncio

import pytest

from headrace.kube.errors import (
    ApiError,
    FencedError,
    UnreachableError,
    already_exists,
    retry_after,
)
from headrace.kube.resources import JOBS
from support.api_transport import method
from support.plumbing import Job, Rig, job, job_ref
from support.virtual_time import VirtualTimeLoop, now, stop_and_continue

EVENT_LOOP = VirtualTimeLoop


async def test_a_create_whose_answer_was_lost_finds_its_own_object() -> None:
    """The second try of a lost create is told `AlreadyExists`; there is one object."""
    rig = Rig()
    rig.faults.lose_answer(where=method("POST"))
    with pytest.raises(ApiError) as caught:
        await rig.job("extract")
    assert already_exists(caught.value)
    assert [("create", 0), ("create", 409)] == rig.seen
    assert (await rig.client.get(job_ref("extract"), Job)).metadata.name == "extract"


async def test_a_create_that_was_lost_on_its_way_is_sent_again() -> None:
    """A reset connection is no reason for the caller to worry."""
    rig = Rig()
    rig.faults.lose_request(times=2)
    made = await rig.job("extract")
    assert "extract" == made.metadata.name
    assert [("create", 0), ("create", 0), ("create", 201)] == rig.seen


async def test_a_call_is_sent_no_more_often_than_its_caller_wants() -> None:
    """Who has a queue of its own to try again from does not want to wait here."""
    rig = Rig()
    rig.faults.answer(500, times=float("inf"))
    with pytest.raises(ApiError, match="500"):
        await rig.client.create(JOBS, job("extract"), Job, tries=2)
    assert [("create", 500)] * 2 == rig.seen


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_a_server_that_is_not_well_is_asked_again(status: int) -> None:
    """Answers that may pass are tried again, within the call's time."""
    rig = Rig()
    rig.faults.answer(status, times=3)
    await rig.job("extract")
    assert [("create", status)] * 3 + [("create", 201)] == rig.seen


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 422])
async def test_an_answer_that_will_not_change_is_final(status: int) -> None:
    """Errors that another try cannot cure are raised at once."""
    rig = Rig()
    rig.faults.answer(status)
    with pytest.raises(ApiError) as caught:
        await rig.job("extract")
    assert status == caught.value.status
    assert 1 == len(rig.seen)


async def test_a_quota_that_two_creates_count_at_once_is_tried_again() -> None:
    """A conflict at a create is one of the quota's bookkeeping, and passes."""
    rig = Rig()
    rig.faults.answer(409, where=method("POST"))
    await rig.job("extract")
    assert [("create", 409), ("create", 201)] == rig.seen


async def test_waits_grow_and_stay_within_the_calls_time() -> None:
    """The client waits longer and longer; when time is over, the last answer counts."""
    rig = Rig()
    rig.faults.answer(503, times=1000)
    began = now()
    with pytest.raises(ApiError) as caught:
        await rig.client.get(job_ref("extract"), Job, within=20)
    assert 503 == caught.value.status
    assert now() - began <= 20
    assert 5 <= len(rig.seen) <= 15


async def test_retry_after_is_honoured() -> None:
    """No try before the time that the server asked for; all waits are jittered above it."""
    rig = Rig()
    rig.faults.answer(429, retry_after=7)
    began = now()
    await rig.job("extract")
    assert 7 <= now() - began <= 8


async def test_a_retry_after_beyond_the_calls_time_is_left_to_the_caller() -> None:
    """The error carries the wait, so that a queue can honour it."""
    rig = Rig()
    rig.faults.answer(429, retry_after=60)
    began = now()
    with pytest.raises(ApiError) as caught:
        await rig.client.create(JOBS, job("extract"), Job, within=10)
    assert 60 == retry_after(caught.value)
    assert began == now()


async def test_a_black_hole_ends_with_the_calls_time() -> None:
    """Where nothing comes back, the call ends all the same."""
    rig = Rig()
    rig.faults.black_hole = True
    began = now()
    with pytest.raises(UnreachableError):
        await rig.client.get(job_ref("extract"), Job, within=12)
    assert 12 == now() - began


async def test_requests_keep_to_the_rate() -> None:
    """A burst goes at once, the rest at the rate, in the order in which they came."""
    rig = Rig(rate=10, burst=5)
    began = now()
    done: list[int] = []

    async def create(number: int) -> None:
        await rig.job(f"job-{number}")
        done.append(number)

    await asyncio.gather(*(create(number) for number in range(25)))
    assert 2.0 == pytest.approx(now() - began)
    assert list(range(25)) == done


async def test_a_long_quiet_time_saves_up_no_more_than_a_burst() -> None:
    """After an hour of silence the server is not flooded."""
    rig = Rig(rate=10, burst=5)
    await asyncio.sleep(3600)
    began = now()
    await asyncio.gather(*(rig.job(f"job-{number}") for number in range(25)))
    assert 2.0 == pytest.approx(now() - began)


async def test_a_call_whose_turn_comes_too_late_is_not_sent() -> None:
    """A rate limit that uses up the time of a call is named as the cause."""
    rig = Rig(rate=0.1, burst=1)
    await rig.job("first")
    with pytest.raises(UnreachableError, match="rate is limited"):
        await rig.client.create(JOBS, job("second"), Job, within=5)
    assert 1 == len(rig.transport.requests)


async def test_a_fence_refuses_writes_and_lets_reads_through() -> None:
    """Whoever may no longer lead may look, but not touch."""
    rig = Rig(fence=lambda: False)
    rig.server.storage.write(JOBS, job("extract"))
    await rig.client.get(job_ref("extract"), Job)
    with pytest.raises(FencedError):
        await rig.job("load")
    with pytest.raises(FencedError):
        await rig.label("extract", a="b")
    with pytest.raises(FencedError):
        await rig.delete("extract")
    assert ["extract"] == [item["metadata"]["name"] for item in rig.server.storage.all(JOBS)]


async def test_a_fence_is_asked_when_the_write_goes_out() -> None:
    """A process that is stopped between decision and write does not write when it is continued."""
    fresh_until = now() + 10
    rig = Rig(fence=lambda: now() < fresh_until)
    rig.faults.latency = 1
    writing = asyncio.create_task(rig.job("extract"))
    await asyncio.sleep(0.5)  # The request is on its way to the socket.
    stop_and_continue(20)
    with pytest.raises(FencedError):
        await writing
    assert [] == rig.server.storage.all(JOBS)
