"""One call to the API server: `headrace.cluster.client` and `headrace.cluster.sender`."""

import asyncio

import pytest

from headrace.cluster.errors import (
    ApiError,
    FencedError,
    UnreachableError,
    already_exists,
    conflict,
    forbidden,
    gone,
    invalid,
    not_found,
    retry_after,
)
from headrace.cluster.resources import CONFIG_MAPS, JOBS, Scope
from headrace.cluster.wire import Changed
from headrace.manifests.kube import Job
from support.api_transport import method
from support.plumbing import Rig, config_map, job, job_ref
from support.virtual_time import VirtualTimeLoop, now, stop_and_continue

EVENT_LOOP = VirtualTimeLoop


async def test_an_object_comes_back_as_it_was_made() -> None:
    """Create and get give the projection that was asked for, with what the server added."""
    rig = Rig()
    made = await rig.job("extract", tier="a")
    found = await rig.client.get(job_ref("extract"), Job)
    assert made == found
    assert ("default", "extract") == found.metadata.key
    assert {"tier": "a"} == found.metadata.labels
    assert found.metadata.uid


async def test_an_object_can_be_read_whole() -> None:
    """With `dict` as type, nothing is dropped."""
    rig = Rig()
    await rig.job("extract")
    found = await rig.client.get(job_ref("extract"), dict)
    assert {"backoffLimit": 0} == found["spec"]


async def test_what_does_not_exist_is_not_found() -> None:
    """A get of a missing object names it."""
    with pytest.raises(ApiError, match=r'jobs\.batch "extract" not found') as caught:
        await Rig().client.get(job_ref("extract"), Job)
    assert not_found(caught.value)


async def test_a_name_is_made_once() -> None:
    """A second create is told that the name is taken, and that is no conflict of versions."""
    rig = Rig()
    await rig.job("extract")
    with pytest.raises(ApiError) as caught:
        await rig.job("extract")
    assert already_exists(caught.value)
    assert not conflict(caught.value)


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


async def test_an_object_without_name_is_refused() -> None:
    """Names are derived: one that the server chose would be lost in a crash."""
    with pytest.raises(ValueError, match=r"metadata\.name of this Job is missing"):
        await Rig().client.create(JOBS, job(""), Job)


async def test_a_field_that_the_server_does_not_know_is_an_error() -> None:
    """A strict create says which field it was; one that is not strict drops it."""
    rig = Rig()
    body = config_map("settings") | {"dat": {}}
    with pytest.raises(ApiError, match='unknown field "dat"') as caught:
        await rig.client.create(CONFIG_MAPS, body, dict)
    assert invalid(caught.value)
    await rig.client.create(CONFIG_MAPS, body, dict, strict=False)


async def test_what_is_wrong_with_a_field_is_told_by_field() -> None:
    """The causes of a 422 come through."""
    with pytest.raises(ApiError) as caught:
        await Rig().job("Extract")
    assert invalid(caught.value)
    assert ["metadata.name"] == [cause.field for cause in caught.value.causes]


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


async def test_a_patch_with_a_version_is_a_compare_and_swap() -> None:
    """The first of two writers wins; the other is told of the conflict."""
    rig = Rig()
    made = await rig.job("extract")
    change = {"metadata": {"resourceVersion": made.metadata.resource_version, "labels": {"a": "b"}}}
    patched = await rig.client.patch(job_ref("extract"), change, Job)
    assert {"a": "b"} == patched.metadata.labels
    change["metadata"]["labels"] = {"a": "c"}
    with pytest.raises(ApiError) as caught:
        await rig.client.patch(job_ref("extract"), change, Job)
    assert conflict(caught.value)


async def test_status_and_spec_are_written_apart() -> None:
    """A patch of the status leaves the rest alone, and the other way round."""
    rig = Rig()
    await rig.job("extract")
    body = {"spec": {"suspend": True}, "status": {"active": 1}}
    after = await rig.client.patch_status(job_ref("extract"), body, dict)
    assert ({"backoffLimit": 0}, {"active": 1}) == (after["spec"], after["status"])
    after = await rig.client.patch(
        job_ref("extract"), {"spec": {"suspend": True}, "status": {"active": 2}}, dict
    )
    assert ({"backoffLimit": 0, "suspend": True}, {"active": 1}) == (after["spec"], after["status"])


async def test_only_the_object_that_was_meant_is_deleted() -> None:
    """A delete with a uid spares another object of the same name."""
    rig = Rig()
    made = await rig.job("extract")
    with pytest.raises(ApiError) as caught:
        await rig.client.delete(job_ref("extract"), uid="another")
    assert conflict(caught.value)
    await rig.client.delete(job_ref("extract"), uid=made.metadata.uid)
    with pytest.raises(ApiError) as caught:
        await rig.client.get(job_ref("extract"), Job)
    assert not_found(caught.value)


async def test_a_list_comes_in_pages_of_one_moment() -> None:
    """All pages show one resourceVersion, whatever happens between them."""
    rig = Rig()
    for number in range(5):
        await rig.job(f"job-{number}")
    names, versions = [], set()
    async for page in rig.client.pages(Scope(JOBS), Job, size=2):
        names.append([item.metadata.name for item in page.objects])
        versions.add(page.resource_version)
        if len(names) == 1:
            await rig.delete("job-4")
    assert [["job-0", "job-1"], ["job-2", "job-3"], ["job-4"]] == names
    assert 1 == len(versions)


async def test_a_list_that_the_server_forgot_is_gone() -> None:
    """Between two pages a list may expire; the caller begins again."""
    rig = Rig()
    for number in range(3):
        await rig.job(f"job-{number}")
    pages = rig.client.pages(Scope(JOBS), Job, size=2)
    await anext(pages)
    rig.server.forget_history()
    with pytest.raises(ApiError) as caught:
        await anext(pages)
    assert gone(caught.value)


@pytest.mark.parametrize(
    ("selector", "want"),
    [
        pytest.param("", ["a", "b", "c"], id="no selector shows all"),
        pytest.param("tier=low", ["a"], id="equals"),
        pytest.param("tier!=low", ["b", "c"], id="differs, or is missing"),
        pytest.param("tier", ["a", "b"], id="is there"),
        pytest.param("!tier", ["c"], id="is missing"),
        pytest.param("tier in (low,high),tier!=low", ["b"], id="all parts must hold"),
        pytest.param("tier notin (low)", ["b", "c"], id="not in, or is missing"),
    ],
)
async def test_a_label_selector_narrows_a_list(selector: str, want: list[str]) -> None:
    """Selectors reach the server as they are written."""
    rig = Rig()
    await rig.job("a", tier="low")
    await rig.job("b", tier="high")
    await rig.job("c")
    pages = rig.client.pages(Scope(JOBS, "default", selector), Job)
    assert want == [item.metadata.name async for page in pages for item in page.objects]


async def test_a_watch_tells_what_happens_in_chunks_of_any_size() -> None:
    """Events are found in the stream wherever it is cut."""
    rig = Rig()
    rig.faults.shred = True
    made = await rig.job("extract")
    watch = rig.client.watch(Scope(JOBS), Job, since=str(made.metadata.version - 1), seconds=10)
    assert Changed(made) == await anext(watch)


async def test_a_refused_watch_says_why() -> None:
    """A watch that is not opened raises the server's answer, with its Retry-After."""
    rig = Rig()
    rig.faults.answer(429, retry_after=3)
    with pytest.raises(ApiError) as caught:
        await anext(rig.client.watch(Scope(JOBS), Job, since="1", seconds=10))
    assert (429, 3) == (caught.value.status, caught.value.retry_after)


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


async def test_forbidden_is_told_apart() -> None:
    """A missing right can be turned into a condition that names it."""
    rig = Rig()
    rig.faults.answer(403)
    with pytest.raises(ApiError) as caught:
        await rig.job("extract")
    assert forbidden(caught.value)
