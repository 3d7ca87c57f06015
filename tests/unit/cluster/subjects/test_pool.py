"""The pools in a cluster: `headrace.cluster.subjects.pool`."""

import asyncio

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.cluster.kinds import POOLS
from headrace.engine.pool.observed import PoolKey, PoolLog, PoolStatusKey
from headrace.engine.room import Claim, Rank
from headrace.engine.run.observed import RunKey
from headrace.kube.errors import StaleError
from headrace.kube.objects import Projection
from headrace.kube.resources import Ref
from headrace.loop.subject import turn
from support.builders import at
from support.virtual_time import now
from support.world_rig import WorldRig

POOL, RUN = PoolKey("default", "db"), RunKey("default", "r")
STATUS = PoolStatusKey("default", "db")


def claim(rig: WorldRig) -> None:
    """Let a run ask for a slot."""
    rig.world.pools.room(RUN, "uid")
    rig.world.claim(RUN, {"a": Claim("a", 1, "db", 1, 1, Rank(0, -1, at(0), 0))})


async def made(slots: int = 1) -> WorldRig:
    """Return a world with a pool that has had its first turn."""
    rig = WorldRig()
    await rig.make(POOLS, "db", {"slots": slots})
    rig.tell()
    await rig.pool_turns()
    return rig


async def test_a_new_pool_has_a_status_at_once() -> None:
    """Tools that wait for it need not wait for tasks."""
    rig = await made()
    status = await rig.status(POOLS, "db")
    assert ("True", 1) == (status["conditions"][0]["status"], status["observedGeneration"])


async def test_a_run_that_is_given_a_slot_is_woken() -> None:
    """The pool's crowd is known to the caches as long as somebody waits."""
    rig = await made(slots=0)
    claim(rig)
    await rig.pool_turns()
    assert {POOL} == rig.caches.crowded
    assert [] == rig.asked

    await rig.client.patch(Ref(POOLS, "default", "db"), {"spec": {"slots": 1}}, Projection)
    rig.tell()
    await rig.pool_turns()
    assert [RUN] == rig.asked
    assert set() == rig.caches.crowded


async def test_a_status_follows_within_a_second() -> None:
    """Many changes share a write."""
    rig = await made(slots=0)
    claim(rig)
    await rig.pool_turns()
    assert 0 == (await rig.status(POOLS, "db"))["waiting"]
    await asyncio.sleep(1)
    await rig.pool_turns()
    assert 1 == (await rig.status(POOLS, "db"))["waiting"]


async def test_a_pool_that_nobody_created_counts_while_somebody_names_it() -> None:
    """When the run asks no more, it is forgotten."""
    rig = WorldRig()
    claim(rig)
    observed = await rig.pools.observe(POOL)
    assert observed is not None
    assert observed.slots is None
    rig.world.claim(RUN, {})
    assert await rig.pools.observe(POOL) is None


async def test_a_turn_that_failed_shows_on_the_pool() -> None:
    """The cause stays in the controller's log."""
    rig = await made()
    await rig.pools.complain(POOL, Reason.FORBIDDEN, "may not list jobs")
    await rig.pool_turns()
    ready = (await rig.status(POOLS, "db"))["conditions"][0]
    assert ("False", "Forbidden", "may not list jobs") == (
        *(ready["status"], ready["reason"]),
        ready["message"],
    )


async def test_a_status_is_written_over_the_pool_that_was_read() -> None:
    """Somebody has changed it in between: the turn is given again."""
    rig = await made()
    await rig.client.patch(Ref(POOLS, "default", "db"), {"spec": {"slots": 5}}, Projection)
    await rig.pools.complain(POOL, Reason.FORBIDDEN, "may not list jobs")
    with pytest.raises(StaleError):
        await turn(rig.statuses, STATUS, rig.clock())
    await rig.pool_turns()
    assert 2 == (await rig.status(POOLS, "db"))["observedGeneration"]


async def test_no_write_lies_between_a_free_slot_and_its_grant() -> None:
    """The API server does not answer the write of the status; the pool's turns do not wait."""
    rig = await made(slots=0)
    await asyncio.sleep(1)
    claim(rig)
    await rig.client.patch(Ref(POOLS, "default", "db"), {"spec": {"slots": 1}}, Projection)
    rig.tell()
    rig.faults.latency = 60.0
    began = now()
    await turn(rig.pools, POOL, rig.clock())
    assert [RUN] == rig.asked
    assert now() - began < rig.faults.latency


async def test_a_newer_status_replaces_one_that_is_not_written_yet() -> None:
    """The write in between does not forget it."""
    rig = await made()
    rig.statuses.show(POOL, PoolLog(message="older"))
    first = await rig.statuses.observe(STATUS)
    assert first is not None
    rig.statuses.show(POOL, PoolLog(message="newer"))
    await rig.statuses.record(STATUS, rig.statuses.decide(first, rig.clock()))
    await rig.pool_turns()
    assert "newer" == (await rig.status(POOLS, "db"))["conditions"][0]["message"]
    assert await rig.statuses.observe(STATUS) is None


async def test_the_status_of_a_pool_that_is_gone_is_forgotten() -> None:
    """Nobody writes it, and no turn fails."""
    rig = await made()
    rig.statuses.show(POOL, PoolLog(message="late"))
    await rig.client.delete(Ref(POOLS, "default", "db"))
    rig.tell()
    assert await turn(rig.statuses, STATUS, rig.clock()) is None
    assert await rig.statuses.observe(STATUS) is None
