"""One call to the API server: `headrace.kube.client` and `headrace.kube.sender`."""

import pytest

from headrace.kube.errors import (
    ApiError,
    GarbledError,
    already_exists,
    conflict,
    forbidden,
    gone,
    invalid,
    not_found,
)
from headrace.kube.resources import CONFIG_MAPS, JOBS, PODS, Scope
from headrace.kube.wire import Changed
from support.plumbing import Job, Rig, config_map, job, job_ref
from support.virtual_time import VirtualTimeLoop

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


async def test_lists_of_two_kinds_at_one_moment_do_not_mix() -> None:
    """At its start a controller reads all kinds at once."""
    rig = Rig()
    for number in range(3):
        await rig.job(f"job-{number}")
    jobs = rig.client.pages(Scope(JOBS), Job, size=2)
    first = await anext(jobs)
    assert [] == [
        item async for page in rig.client.pages(Scope(PODS), Job) for item in page.objects
    ]
    second = await anext(jobs)
    found = [item.metadata.name for page in (first, second) for item in page.objects]
    assert ["job-0", "job-1", "job-2"] == found


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


async def test_an_answer_that_is_no_object_is_an_error_of_the_plumbing() -> None:
    """Whatever a proxy puts in the place of an answer, the caller sees a `ClusterError`."""
    rig = Rig()
    rig.faults.answer(200)
    with pytest.raises(GarbledError, match="cannot be read"):
        await rig.client.get(job_ref("extract"), Job)


async def test_a_refused_watch_says_why() -> None:
    """A watch that is not opened raises the server's answer, with its Retry-After."""
    rig = Rig()
    rig.faults.answer(429, retry_after=3)
    with pytest.raises(ApiError) as caught:
        await anext(rig.client.watch(Scope(JOBS), Job, since="1", seconds=10))
    assert (429, 3) == (caught.value.status, caught.value.retry_after)


async def test_forbidden_is_told_apart() -> None:
    """A missing right can be turned into a condition that names it."""
    rig = Rig()
    rig.faults.answer(403)
    with pytest.raises(ApiError) as caught:
        await rig.job("extract")
    assert forbidden(caught.value)
