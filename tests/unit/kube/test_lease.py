"""At most one leads, and soon one does: `headrace.kube.lease`."""

import asyncio
from random import Random

import pytest

from headrace.kube.client import Client
from headrace.kube.errors import FencedError
from headrace.kube.resources import JOBS, LEASES
from headrace.kube.sender import Settings
from support.api_server import ApiServer
from support.api_transport import method
from support.candidates import Process, candidates
from support.plumbing import Job, job, virtual_clock
from support.virtual_time import VirtualTimeLoop, now, seeded, stop_and_continue

EVENT_LOOP = VirtualTimeLoop


async def test_the_first_leads_at_once_and_the_lease_says_so() -> None:
    """A Lease that is missing is made; its times are UTC with six digits."""
    async with candidates("a") as (a,):
        assert a.leads
        assert {
            "holderIdentity": "a",
            "leaseDurationSeconds": 15,
            "acquireTime": "2030-01-01T12:16:40.000000Z",
            "renewTime": "2030-01-01T12:16:40.000000Z",
            "leaseTransitions": 1,
        } == a.lease["spec"]


async def test_the_holder_goes_on_and_others_stand_by() -> None:
    """As long as the holder renews, nobody else leads, and its term stays the same."""
    async with candidates("a", "b") as (a, b):
        await asyncio.sleep(600)
        assert (True, False) == (a.leads, b.leads)
        assert ([("gained", 1000, 1)], []) == (a.terms, b.terms)
        assert "2030-01-01T12:16:40.000000Z" == a.lease["spec"]["acquireTime"]


async def test_what_others_wrote_into_the_lease_stays() -> None:
    """Labels of the chart, or of an administrator, outlive renewals."""
    async with candidates("a") as (a,):
        item = a.lease
        labels = {"labels": {"team": "data"}}
        a.server.storage.write(LEASES, item | {"metadata": item["metadata"] | labels})
        await asyncio.sleep(30)
        assert a.leads
        assert {"team": "data"} == a.lease["metadata"]["labels"]


async def test_when_the_holder_dies_another_takes_over_in_time() -> None:
    """After the lease's duration and one look, the next one leads, in a later term."""
    async with candidates("a", "b") as (a, b):
        await asyncio.sleep(60)
        a.kill()
        died = now()
        await asyncio.sleep(20)
        assert b.leads
        ((what, when, term),) = b.terms
        assert ("gained", 2) == (what, term)
        assert 10 <= when - died <= 15 + 2 + 0.5


async def test_a_holder_that_ends_well_hands_over_at_once() -> None:
    """A released lease is free, without waiting for its end."""
    async with candidates("a", "b") as (a, b):
        await a.terminate()
        assert not a.leads
        assert "holderIdentity" not in a.lease["spec"]
        await asyncio.sleep(2.5)
        assert b.leads


async def test_a_release_follows_a_renewal_whose_answer_was_lost() -> None:
    """The version that the holder knows may be old; it still releases what is its own."""
    async with candidates("a") as (a,):
        a.faults.latency = 0.5
        await asyncio.sleep(2.2)  # A renewal is on its way.
        await a.terminate()
        await asyncio.sleep(2)
        assert "holderIdentity" not in a.lease["spec"]


async def test_who_is_cut_off_stops_before_another_starts() -> None:
    """In a black hole the holder stops at its deadline; the other begins well after that."""
    async with candidates("a", "b") as (a, b):
        await asyncio.sleep(60)
        a.faults.black_hole = True
        cut = now()
        await asyncio.sleep(30)
        lost = [when for what, when, _ in a.terms if what == "lost"]
        gained = [when for what, when, _ in b.terms if what == "gained"]
        assert 1 == len(lost) == len(gained)
        assert lost[0] - cut <= 10
        assert gained[0] - lost[0] >= 3


@pytest.mark.parametrize(
    ("seconds", "goes_on"),
    [
        pytest.param(6, True, id="a short outage is bridged"),
        pytest.param(25, False, id="a long outage ends the term"),
    ],
)
async def test_an_outage_is_survived(seconds: float, goes_on: bool) -> None:  # noqa: FBT001 - a case
    """While the API server is away the term goes on to its deadline; later someone leads again."""
    async with candidates("a", "b") as (a, b):
        await asyncio.sleep(60)
        rules = [p.faults.answer(503, times=float("inf")) for p in (a, b)]
        await asyncio.sleep(seconds)
        assert goes_on is a.leads
        for rule in rules:
            rule.times = 0
        await asyncio.sleep(20)
        assert [True] == [p.leads for p in (a, b) if p.leads]


@pytest.mark.parametrize("phase", [0, 0.4, 0.8, 1.2, 1.6])
async def test_a_term_never_outlives_its_deadline(phase: float) -> None:
    """Whenever the refusals begin, work stops 10 s after the last renewal, not at the next look."""
    async with candidates("a") as (a,):
        await asyncio.sleep(60 + phase)
        a.faults.answer(503, times=float("inf"))
        refused = now()
        await asyncio.sleep(20)
        assert [True] == [when - refused <= 10 for what, when, _ in a.terms if what == "lost"]


async def test_a_renewal_whose_answer_was_lost_costs_nothing() -> None:
    """The conflict with our own write is seen as such; the term goes on."""
    async with candidates("a", "b") as (a, b):
        for _ in range(5):
            a.faults.lose_answer(where=method("PUT"))
            await asyncio.sleep(10)
            assert a.leads
        assert ([("gained", 1000, 1)], []) == (a.terms, b.terms)


async def test_a_deleted_lease_stays_with_its_holder() -> None:
    """The holder makes it again; those who saw it held do not jump in."""
    async with candidates("a", "b") as (a, b):
        await asyncio.sleep(61)
        for _ in range(5):
            a.server.storage.erase(LEASES, ("default", "headrace"))
            await asyncio.sleep(7)
            assert (True, False) == (a.leads, b.leads)
        assert ([("gained", 1000, 1)], []) == (a.terms, b.terms)


async def test_a_deleted_lease_of_a_dead_holder_is_taken_in_time() -> None:
    """Who saw it held waits as if it were still there, since its holder may not know."""
    async with candidates("a", "b") as (a, b):
        await asyncio.sleep(60)
        a.kill()
        a.server.storage.erase(LEASES, ("default", "headrace"))
        await asyncio.sleep(9)
        assert not b.leads
        await asyncio.sleep(9)
        assert b.leads
        assert 2 == b.elector.epoch


async def test_who_loses_the_lease_to_another_stops_with_its_next_renewal() -> None:
    """An administrator may give the lease away by hand."""
    async with candidates("a") as (a,):
        item = a.lease
        given = {"spec": item["spec"] | {"holderIdentity": "somebody", "leaseTransitions": 8}}
        a.server.storage.write(LEASES, item | given)
        await asyncio.sleep(2.5)
        assert not a.leads
        await asyncio.sleep(20)
        assert (True, 9) == (a.leads, a.elector.epoch)


@pytest.mark.parametrize("ahead", [-3600, 3600, 315_360_000])
async def test_the_wall_clock_of_others_does_not_count(ahead: float) -> None:
    """A holder whose clock is hours or years off keeps the lease, and loses it, as any other."""
    server = ApiServer()
    a = Process(server, "a", wall_clock_ahead=ahead).start()
    await asyncio.sleep(0.5)
    b = Process(server, "b").start()
    await asyncio.sleep(120)
    assert (True, False) == (a.leads, b.leads)
    a.kill()
    await asyncio.sleep(18)
    assert b.leads
    b.kill()


async def test_a_restarted_process_leads_again_at_once_in_a_new_term() -> None:
    """The same name cannot live twice, so what it held before is its own."""
    async with candidates("a") as (a,):
        await asyncio.sleep(60)
        a.kill()
        again = Process(a.server, "a").start()
        await asyncio.sleep(0.5)
        assert (True, 2) == (again.leads, again.elector.epoch)
        again.kill()


async def test_a_process_that_was_stopped_does_not_write_when_it_is_continued() -> None:
    """Before any timer runs, the fence knows that the lease's time is over."""
    async with candidates("a") as (a,):
        settings = Settings(clock=virtual_clock(), fence=a.elector.still_mine)
        worker = Client(a.transport, settings, seeded(1))
        await worker.create(JOBS, job("before"), Job)
        stop_and_continue(60)
        with pytest.raises(FencedError):
            await worker.create(JOBS, job("after"), Job)


async def test_a_short_stop_does_no_harm() -> None:
    """Who is continued within its time goes on leading."""
    async with candidates("a", "b") as (a, b):
        await a.pause(5)
        await asyncio.sleep(5)
        assert ([("gained", 1000, 1)], []) == (a.terms, b.terms)


async def test_the_wait_for_the_lease_is_one_read_now_and_then() -> None:
    """Standing by costs one GET each 2 s, and leading one PUT."""
    async with candidates("a", "b") as (a, b):
        await asyncio.sleep(10)
        a.transport.requests.clear()
        b.transport.requests.clear()
        await asyncio.sleep(60)
        assert {"PUT"} == {request.method for request in a.transport.requests}
        assert {"GET"} == {request.method for request in b.transport.requests}
        assert 30 == len(a.transport.requests)
        assert 25 <= len(b.transport.requests) <= 35


@pytest.mark.parametrize("seed", range(25))
async def test_two_never_lead_at_once_whatever_happens(seed: int) -> None:
    """Three are stopped, cut off and restarted at random: never two lead, and terms grow."""
    random = seeded(seed)
    server = ApiServer()
    processes = [Process(server, f"p{n}").start() for n in range(3)]
    alive = list(processes)
    watcher = asyncio.create_task(_watch_for_two(processes))
    pauses = set()
    for step in range(60):
        victim = random.choice(alive)
        what = random.randrange(8)
        if what <= 1:
            seconds = random.choice([1, 5, 9, 14, 16, 40])
            pauses.add(asyncio.create_task(victim.pause(seconds)))
        elif what == 2:
            victim.kill()
            alive.remove(victim)
            alive.append(Process(server, f"p{3 + step}").start())
            processes.append(alive[-1])
        else:
            _hinder(victim, random, what)
        await asyncio.sleep(random.expovariate(1 / 4))
    await asyncio.gather(*pauses)
    for process in alive:
        process.faults.mend()
        process.faults.latency = 0
    await asyncio.sleep(40)
    assert not watcher.done()
    assert [True] == [p.leads for p in alive if p.leads]
    gained = sorted((at, term) for p in processes for what, at, term in p.terms if what == "gained")
    terms = [term for _, term in gained]
    assert sorted(set(terms)) == terms
    watcher.cancel()
    for process in processes:
        process.kill()


def _hinder(process: Process, random: Random, what: int) -> None:
    faults = process.faults
    if what == 3:
        faults.black_hole = not faults.black_hole
    elif what == 4:
        faults.latency = random.choice([0, 0.2, 0.7, 1.5])
    elif what == 5:
        faults.lose_answer(times=random.randrange(1, 5), where=method("PUT"))
    elif what == 6:
        faults.answer(503, times=random.randrange(1, 20))
    else:
        faults.mend()


async def _watch_for_two(processes: list[Process]) -> None:
    while True:
        leaders = [process.name for process in processes if process.leads]
        assert len(leaders) <= 1, leaders
        await asyncio.sleep(0.05)
