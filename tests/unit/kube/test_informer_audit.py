"""What the watch has missed comes to light: audits and refreshes of `headrace.kube.informer`."""

import asyncio
from random import Random

import pytest

from headrace.kube.informer import AUDIT_SECONDS
from headrace.kube.store import Store
from support.api_refusals import RefusalError
from support.api_transport import method
from support.plumbing import Job, Rig, two_ways
from support.virtual_time import VirtualTimeLoop, seeded
from support.watching import Watching, running

EVENT_LOOP = VirtualTimeLoop


@pytest.mark.parametrize("lost", ["ADDED", "MODIFIED", "DELETED"])
async def test_an_event_that_never_came_is_found_by_the_audit(lost: str) -> None:
    """A list now and then repairs what the watch missed, and counts it."""
    rig, other = two_ways()
    seen = Watching(rig)
    async with running(seen):
        if lost != "ADDED":
            await other.job("extract")
            await asyncio.sleep(1)
        rig.faults.dropped = lambda line: f'"type": "{lost}"'.encode() in line
        if lost == "ADDED":
            await other.job("extract")
        elif lost == "MODIFIED":
            await other.label("extract", a="b")
        else:
            await other.delete("extract")
        await asyncio.sleep(1.3 * AUDIT_SECONDS)
        assert rig.versions == seen.versions
        assert 1 == seen.counts["repairs"]
        assert 1 == seen.counts["lists"]


async def test_what_happens_during_an_audit_is_no_repair() -> None:
    """Changes before, while and after the list is read are told by the watch, and only by it."""
    rig, other = two_ways()
    seen = Watching(rig)
    random = seeded(3)
    rig.faults.latency = 2
    async with running(seen):
        for step in range(4000):
            name = f"job-{step % 7}"
            if name in rig.versions:
                await (
                    other.delete(name) if random.random() < 0.5 else other.label(name, s=str(step))
                )
            else:
                await other.job(name)
            await asyncio.sleep(random.expovariate(1))
        await asyncio.sleep(70)
        assert seen.counts["audits"] >= 5
        assert (0, 1) == (seen.counts["repairs"], seen.counts["lists"])
        assert rig.versions == seen.versions


async def test_a_server_restored_from_a_backup_is_believed() -> None:
    """When the server goes back in time, the store follows it within an audit."""
    rig = Rig()
    seen = Watching(rig)
    await rig.job("old")
    async with running(seen):
        backup = rig.server.storage.backup()
        await rig.job("new")
        await asyncio.sleep(1)
        assert ["new", "old"] == seen.names
        rig.server.storage.restore(backup)
        rig.transport.cut_streams()
        await asyncio.sleep(1.3 * AUDIT_SECONDS + 300)
        assert ["old"] == seen.names
        await rig.job("newest")
        await asyncio.sleep(5)
        assert ["newest", "old"] == seen.names


@pytest.mark.parametrize("seed", range(20))
async def test_whatever_goes_wrong_the_store_ends_at_the_truth(seed: int) -> None:
    """After an hour of random faults on the way, the store is what the server has."""
    rig, other = two_ways()
    seen = Watching(rig)
    random = seeded(seed)
    async with running(seen):
        for step in range(300):
            name = f"job-{random.randrange(9)}"
            if name not in rig.versions:
                await other.job(name)
            elif random.random() < 0.4:
                await other.delete(name)
            else:
                await other.label(name, step=str(step))
            _hinder(rig, random)
            await asyncio.sleep(random.expovariate(1 / 12))
        rig.faults.mend()
        rig.faults.let_go()
        await asyncio.sleep(150)
        assert rig.versions == seen.versions
        assert 0 == seen.counts["repairs"]


async def test_a_refresh_shows_all_that_was_written_before_it() -> None:
    """Where the watch lags behind, or is away, one call brings the store up to now."""
    rig, other = two_ways()
    seen = Watching(rig)
    await other.job("changed")
    await other.job("deleted")
    async with running(seen):
        rig.faults.hold_events()
        await other.job("added")
        await other.label("changed", a="b")
        await other.delete("deleted")
        rig.faults.answer(503, times=20)
        await seen.informer.refresh()
        assert (rig.versions, ["deleted"]) == (seen.versions, seen.dead)
        told = list(seen.changes)
        rig.faults.let_go()
        await asyncio.sleep(5)
        assert told == seen.changes
        assert 0 == seen.counts["repairs"]


async def test_a_refresh_does_not_bring_back_what_is_deleted_while_it_reads() -> None:
    """The watch may tell a deletion that the list on its way does not know yet."""
    rig, other = two_ways()
    store: Store[Job] = Store(Job)  # Without an index, which would remember the dead.
    seen = Watching(rig, store=store)
    await other.job("extract")
    async with running(seen):
        rig.faults.latency = 3
        refreshing = asyncio.create_task(seen.informer.refresh())
        await asyncio.sleep(4)  # The list has been made, and is on its way back.
        rig.faults.latency = 0
        await other.delete("extract")
        await refreshing
        assert ([], []) == (list(rig.versions), seen.names)


async def test_of_two_lists_the_newer_one_counts() -> None:
    """A list that was long on its way does not undo what a later one has shown."""
    rig, other = two_ways()
    seen = Watching(rig, store=Store(Job))
    await other.job("extract")
    async with running(seen):
        rig.faults.latency = 3
        refreshing = asyncio.create_task(seen.informer.refresh())
        await asyncio.sleep(4)  # The list has been made, and is on its way back.
        rig.faults.latency = 0
        rig.transport.cut_streams()
        await other.delete("extract")
        rig.server.forget_history()
        await asyncio.sleep(1.5)
        assert ([], False) == (seen.names, refreshing.done())
        await refreshing
        assert [] == seen.names


def _hinder(rig: Rig, random: Random) -> None:
    faults = rig.faults
    for chance, what in (
        (0.05, lambda: faults.answer(503, times=random.randrange(1, 4))),
        (0.05, lambda: faults.lose_request(times=2, where=method("GET"))),
        (0.05, lambda: rig.transport.cut_streams(orderly=random.random() < 0.5)),
        (0.03, rig.server.forget_history),
        (0.03, lambda: rig.server.watches.break_off(RefusalError(500, "InternalError", "no"))),
        (0.03, lambda: setattr(faults, "black_hole", True)),
        (0.10, faults.mend),
        (0.05, faults.hold_events),
        (0.10, faults.let_go),
        (0.05, lambda: setattr(faults, "repeat_events", random.random() < 0.5)),
        (0.05, lambda: setattr(faults, "latency", random.choice([0, 0.2, 5]))),
    ):
        if random.random() < chance:
            what()
