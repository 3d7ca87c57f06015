"""A store that stays true whatever happens: `headrace.kube.informer`."""

import asyncio

import pytest

from headrace.kube.informer import Informer
from headrace.kube.resources import JOBS, NAMESPACES, Scope
from headrace.kube.store import Store
from support.api_refusals import RefusalError
from support.plumbing import Job, Rig, job, job_ref, two_ways
from support.virtual_time import VirtualTimeLoop
from support.watching import Watching, running

EVENT_LOOP = VirtualTimeLoop


async def test_a_store_holds_what_there_was_and_what_comes() -> None:
    """First the list, then each event as it happens."""
    rig = Rig()
    seen = Watching(rig)
    await rig.job("before")
    async with running(seen):
        assert seen.informer.synced.is_set()
        assert ["before"] == seen.names
        await rig.job("after")
        await rig.delete("before")
        await asyncio.sleep(1)
        assert (["after"], ["before"]) == (seen.names, seen.dead)
    assert [(None, "before"), (None, "after"), ("before", None)] == seen.changes


async def test_a_long_list_is_read_page_by_page() -> None:
    """More objects than a page holds are all there."""
    rig = Rig()
    for number in range(1001):
        rig.server.storage.write(JOBS, job(f"job-{number}"))
    seen = Watching(rig)
    async with running(seen):
        assert 1001 == len(seen.store)
    assert [("list", 200)] * 3 == rig.seen[:3]


async def test_a_deletion_in_a_gap_is_not_lost() -> None:
    """What was deleted while the watch was away counts, also when the server has forgotten it."""
    rig, other = two_ways()
    seen = Watching(rig)
    await other.job("kept")
    await other.job("lost")
    async with running(seen):
        rig.faults.answer(503, times=1)
        rig.transport.cut_streams()
        await other.delete("lost")
        rig.server.forget_history()
        await asyncio.sleep(60)
        assert (["kept"], ["lost"]) == (seen.names, seen.dead)
        assert 2 == seen.counts["lists"]


async def test_an_own_write_is_seen_before_the_watch_tells_it() -> None:
    """The answer to a write counts at once, and older news that follows is ignored."""
    rig, other = two_ways()
    seen = Watching(rig)
    async with running(seen):
        await other.job("extract")
        await asyncio.sleep(1)
        rig.faults.hold_events()
        await other.label("extract", step="1")
        seen.store.put(await other.label("extract", step="2"))
        rig.faults.let_go()
        await asyncio.sleep(1)
        found = seen.store.get("default", "extract")
        assert found is not None
        assert {"step": "2"} == found.metadata.labels
        assert 2 == len(seen.changes)  # Created, and our own write.


async def test_an_error_event_leads_to_a_new_list() -> None:
    """An ERROR of any code ends the watch; nothing is missed and the process goes on."""
    rig = Rig()
    seen = Watching(rig)
    async with running(seen):
        rig.server.watches.break_off(RefusalError(500, "InternalError", "etcd leader changed"))
        await rig.job("extract")
        await asyncio.sleep(5)
        assert (["extract"], 2) == (seen.names, seen.counts["lists"])


async def test_a_server_that_always_breaks_off_is_not_stormed() -> None:
    """Lists after ERROR events come further and further apart."""
    rig = Rig()
    seen = Watching(rig)
    async with running(seen):
        for _ in range(600):
            rig.server.watches.break_off(RefusalError(410, "Expired", "too old"))
            await asyncio.sleep(1)
        assert seen.counts["lists"] <= 600 / 15 + 10


async def test_lists_that_fail_for_two_minutes_are_survived() -> None:
    """However long the server is away, the informer goes on, and catches up soon after."""
    rig, other = two_ways()
    seen = Watching(rig)
    await other.job("extract")
    outage = rig.faults.answer(503, times=float("inf"))
    async with running(seen):
        await asyncio.sleep(120)
        assert not seen.informer.synced.is_set()
        outage.times = 0
        await asyncio.sleep(45)
        assert seen.informer.synced.is_set()
        assert ["extract"] == seen.names


async def test_a_silent_line_is_given_up() -> None:
    """A black hole of 90 s, with no sign that the line is dead, hides nothing in the end."""
    rig, other = two_ways()
    seen = Watching(rig)
    async with running(seen):
        rig.faults.black_hole = True
        await other.job("extract")
        await asyncio.sleep(90)
        assert [] == seen.names
        rig.faults.black_hole = False
        await asyncio.sleep(75)
        assert ["extract"] == seen.names
        assert 1 == seen.counts["lists"]


async def test_a_silence_is_counted_and_its_length_known(caplog: pytest.LogCaptureFixture) -> None:
    """News is late by up to 70 s then, so it must not go unseen."""
    rig = Rig()
    seen = Watching(rig)
    async with running(seen):
        rig.faults.black_hole = True
        await asyncio.sleep(60)
        assert 0 == seen.counts["silences"]
        assert 55 <= seen.informer.silence <= 65
        await asyncio.sleep(15)
        assert 1 == seen.counts["silences"]
        assert "nothing came for 70 s" in caplog.text
        rig.faults.black_hole = False
        await asyncio.sleep(90)
        assert 1 == seen.counts["silences"]
        assert seen.informer.silence <= 65


async def test_a_quiet_watch_is_kept_alive_by_bookmarks() -> None:
    """Where nothing happens, no list is needed, and the server is heard all the time."""
    rig = Rig()
    seen = Watching(rig)
    async with running(seen):
        for _ in range(50):
            await asyncio.sleep(10)
            assert seen.informer.silence <= 65
        assert 1 == seen.counts["lists"]


async def test_a_watch_goes_on_from_the_last_bookmark() -> None:
    """Changes of other kinds do not make a quiet watch too old."""
    rig, other = two_ways()
    seen = Watching(rig)
    async with running(seen):
        for number in range(20):
            rig.server.storage.write(NAMESPACES, {"metadata": {"name": f"n{number}"}})
        await asyncio.sleep(70)
        rig.server.storage.compact()
        rig.transport.cut_streams()
        await asyncio.sleep(5)
        await other.job("extract")
        await asyncio.sleep(5)
        assert (["extract"], 1) == (seen.names, seen.counts["lists"])


@pytest.mark.parametrize("orderly", [True, False])
async def test_a_stream_that_ends_is_taken_up_where_it_was(orderly: bool) -> None:  # noqa: FBT001 - a case
    """An ended or broken watch costs no list, and nothing in between is missed."""
    rig, other = two_ways()
    seen = Watching(rig)
    async with running(seen):
        await other.job("a")
        await asyncio.sleep(1)
        rig.transport.cut_streams(orderly=orderly)
        await other.job("b")
        await asyncio.sleep(5)
        assert (["a", "b"], 1) == (seen.names, seen.counts["lists"])


async def test_events_that_come_twice_are_told_once() -> None:
    """A repeated event changes nothing."""
    rig = Rig()
    rig.faults.repeat_events = True
    seen = Watching(rig)
    async with running(seen):
        await rig.job("extract")
        await rig.label("extract", a="b")
        await rig.delete("extract")
        await asyncio.sleep(1)
    assert [(None, "extract"), ("extract", "extract"), ("extract", None)] == seen.changes


async def test_an_object_that_cannot_be_read_is_named_and_left_out() -> None:
    """One bad object stops nobody, and it is neither forgotten nor taken for deleted."""
    rig = Rig()
    seen = Watching(rig)
    await rig.job("good")
    await rig.job("bad")
    async with running(seen):
        _spoil(rig, "bad")
        await rig.job("next")
        await asyncio.sleep(1)
        assert ["default/bad"] == seen.unreadable
        rig.server.watches.break_off(RefusalError(500, "InternalError", "list again"))
        await asyncio.sleep(5)
        assert ["default/bad"] * 2 == seen.unreadable
        assert (["bad", "good", "next"], []) == (seen.names, seen.dead)
        assert 2 == seen.counts["unreadable"]
        await rig.delete("bad")
        await asyncio.sleep(1)
        assert (["good", "next"], ["bad"]) == (seen.names, seen.dead)


async def test_each_namespace_has_its_informer_and_all_share_a_store() -> None:
    """A list of one namespace does not touch what another informer has told."""
    red, blue = two_ways()
    for name in ("red", "blue"):
        red.server.storage.write(NAMESPACES, {"metadata": {"name": name, "uid": name}})
    seen = Watching(red, "red")
    also = Watching(blue, "blue", seen.store)
    async with running(seen, also):
        for namespace in ("red", "blue", "default"):
            await red.client.create(JOBS, job(f"in-{namespace}", namespace), Job)
        await asyncio.sleep(1)
        assert ["in-blue", "in-red"] == seen.names
        red.server.watches.break_off(RefusalError(500, "InternalError", "list again"))
        await blue.client.delete(job_ref("in-blue", "blue"))
        await asyncio.sleep(5)
        assert ["in-red"] == seen.names


async def test_a_failure_of_our_own_is_survived() -> None:
    """If who listens fails, the informer lists again and goes on."""
    rig = Rig()
    seen = Watching(rig)
    failures = [ValueError("a defect")]

    def fail_once(_old: Job | None, _new: Job | None) -> None:
        if failures:
            raise failures.pop()

    seen.store = Store(Job, changed=fail_once)
    seen.informer = Informer(rig.client, Scope(JOBS), seen.store)
    async with running(seen):
        await rig.job("extract")
        await asyncio.sleep(5)
        await rig.job("load")
        await asyncio.sleep(5)
        assert ["extract", "load"] == seen.names


def _spoil(rig: Rig, name: str) -> None:
    """Write something into an object that no projection can read."""
    item = rig.server.storage.find(JOBS, ("default", name))
    assert item is not None
    rig.server.storage.write(JOBS, item | {"spec": {"suspend": ["perhaps"]}})
