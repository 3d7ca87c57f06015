"""What the controller works on, and what it keeps: `headrace.controller.runtime`."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from headrace.cluster.caches import Key, WorkflowKey
from headrace.cluster.kinds import TASK_RUNS, WORKFLOW_RUNS, WORKFLOWS
from headrace.controller.frame import Frame
from headrace.controller.handlers import WorkflowChange
from headrace.controller.runtime import Runtime, Transports
from headrace.controller.settings import Settings
from headrace.door.door import Door
from headrace.door.life import Life
from headrace.engine.run.observed import RunKey
from headrace.kube.client import Client
from headrace.kube.errors import StaleError
from headrace.kube.resources import LEASES, NAMESPACES, Ref, Resource
from headrace.kube.sender import Settings as Sending
from headrace.manifests.kube import OwnObject
from support.api_server import ApiServer
from support.api_transport import MemoryTransport, Where
from support.plumbing import manifest, virtual_clock
from support.virtual_time import VirtualTimeLoop, now, seeded

EVENT_LOOP = VirtualTimeLoop
SECONDS = 6  # To begin to lead, and to give what there is its turns.
AWAY = 600  # When kopf begins anew.
HELD = {"holderIdentity": "another", "leaseDurationSeconds": 3600}


@pytest.fixture(autouse=True)
def without_kopf(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the tests tell what kopf would."""

    async def run(frame: Frame) -> None:
        frame.trouble = None
        await asyncio.sleep(AWAY)
        frame.missed()
        await asyncio.Event().wait()

    async def open_none(_: Door, __: int) -> None: ...

    monkeypatch.setattr(Frame, "run", run)
    monkeypatch.setattr(Door, "open", open_none)  # No real port in virtual time.


class House:
    """An API server with the namespaces a and b, and controllers that come and go."""

    def __init__(self) -> None:
        self.server = ApiServer()
        self.client = Client(MemoryTransport(self.server), Sending(rate=1e6), seeded(7))
        self.lease_way = MemoryTransport(self.server)

    async def furnish(self) -> None:
        """Make in each namespace a workflow and a run of it."""
        for name in ("a", "b"):
            await self.client.create(NAMESPACES, {"metadata": {"name": name}}, OwnObject)
            await self.make(WORKFLOWS, name, "w", {"tasks": [{"name": "t", "image": "busybox"}]})
            await self.make(WORKFLOW_RUNS, name, "x", {"workflow": "w"})

    async def make(
        self, resource: Resource, namespace: str, name: str, spec: dict[str, Any]
    ) -> OwnObject:
        """Create an object."""
        body = manifest(resource, name, spec, namespace)
        return await self.client.create(resource, body, OwnObject)

    async def began(self, namespace: str) -> bool:
        """Tell whether the run of a namespace has begun."""
        found = await self.client.get(Ref(WORKFLOW_RUNS, namespace, "x"), OwnObject)
        return "startTime" in found.status

    @asynccontextmanager
    async def controller(
        self, way: MemoryTransport | None = None, **given: Any
    ) -> AsyncIterator[Runtime]:
        """Let a controller run that watches both namespaces."""
        settings = Settings(namespaces=("a", "b"), lease_namespace="a", port=0, **given)
        work = way or MemoryTransport(self.server)
        transports = Transports(work, self.lease_way)
        runtime = Runtime(settings, transports, asyncio.Event(), virtual_clock())
        await runtime.start()
        try:
            yield runtime
        finally:
            await runtime.stop()


def listing(namespace: str) -> Where:
    """Return the test for what is read of a namespace."""
    return lambda request: request.method == "GET" and f"/namespaces/{namespace}/" in request.target


async def test_a_namespace_that_cannot_be_read_keeps_no_other_one_waiting() -> None:
    """It is named, and gets its turns when it can be read."""
    house = House()
    await house.furnish()
    way = MemoryTransport(house.server)
    rule = way.faults.answer(403, times=float("inf"), where=listing("b"))
    async with house.controller(way) as runtime:
        await asyncio.sleep(SECONDS)
        assert (True, False) == (await house.began("a"), await house.began("b"))
        told = runtime.ready()
        assert told is not None
        assert "workflowruns.headrace.dev in b" in told
        assert "in a" not in told

        rule.times = 0
        await asyncio.sleep(60)
        assert await house.began("b")
        assert runtime.ready() is None


async def test_a_controller_ends_though_not_all_could_be_read() -> None:
    """The next one must not wait for what this one waits for."""
    house = House()
    await house.furnish()
    way = MemoryTransport(house.server)
    way.faults.answer(403, times=float("inf"), where=listing("b"))
    async with house.controller(way):
        await asyncio.sleep(SECONDS)
        begins = now()
    assert now() - begins < 1
    lease = await house.client.get(Ref(LEASES, "a", "headrace"), dict[str, Any])
    assert not lease["spec"].get("holderIdentity")


async def test_a_signal_cuts_the_start_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its port may be long in coming. Nothing was begun, so nothing holds up the end."""

    async def never(_: Door, __: int) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Door, "open", never)
    house, life = House(), Life()
    settings = Settings(namespaces=("a",), lease_namespace="a", port=0)
    transports = Transports(MemoryTransport(house.server), house.lease_way)
    begins = now()
    asyncio.get_running_loop().call_later(SECONDS, life.asked.set)
    assert 0 == await life.of(Runtime(settings, transports, life.over, virtual_clock()), 20)
    assert SECONDS == pytest.approx(now() - begins, abs=1)


async def standing_by(house: House) -> None:
    """Let another controller lead, which does not work."""
    await house.furnish()
    lease = {"metadata": {"name": "headrace", "namespace": "a"}, "spec": HELD}
    await house.client.create(LEASES, lease, dict[str, Any])


async def test_one_that_does_not_lead_keeps_nothing_of_what_is_gone() -> None:
    """It may stand by for months, and nobody takes anything out of its queue."""
    house = House()
    await standing_by(house)
    async with house.controller() as runtime:
        await asyncio.sleep(SECONDS)
        for number in range(20):
            name = f"run-{number}"
            await house.make(WORKFLOW_RUNS, "a", name, {"workflow": "w"})
            await asyncio.sleep(1)
            await house.client.delete(Ref(WORKFLOW_RUNS, "a", name))
            await asyncio.sleep(1)
            assert () == runtime.caches.runs.tombstones_by_index(RunKey("a", name))
        assert 2 == len(runtime.caches.runs)
        assert 0 == runtime.queue.depth
        assert runtime.ready() is None


async def test_one_that_begins_to_lead_looks_at_all_that_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also at what it was told while it stood by."""
    house = House()
    await standing_by(house)
    async with house.controller() as runtime:
        await asyncio.sleep(SECONDS)
        runtime.look_at_workflow(WorkflowChange("a", "alone", "1", ("u", 1), gone=False))
        assert not await house.began("a")
        asked: list[Key] = []
        monkeypatch.setattr(runtime.queue, "add", noting(asked, runtime.queue.add))
        free = {"spec": {"holderIdentity": None}}
        await house.client.patch(Ref(LEASES, "a", "headrace"), free, dict[str, Any])
        await asyncio.sleep(SECONDS)
        assert await house.began("a")
        assert await house.began("b")
        assert {"x", "w", "alone"} <= {key.name for key in asked}


def noting(asked: list[Key], add: Callable[[Key], None]) -> Callable[[Key], None]:
    """Return what adds to a queue, and notes the keys."""

    def both(key: Key) -> None:
        asked.append(key)
        add(key)

    return both


async def test_runs_that_wait_hear_of_a_workflow_that_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where the last version of it is one that we wrote: the change is in it."""
    house = House()
    await house.furnish()
    await house.make(WORKFLOW_RUNS, "a", "early", {"workflow": "late"})
    async with house.controller() as runtime:
        await asyncio.sleep(SECONDS)
        spec = {"suspend": True, "tasks": [{"name": "t", "image": "busybox"}]}
        made = await house.make(WORKFLOWS, "a", "late", spec)
        asked: list[Key] = []
        monkeypatch.setattr(runtime.queue, "add", noting(asked, runtime.queue.add))
        content = (made.metadata.uid, made.metadata.generation)
        for version in ("1", "2"):
            runtime.look_at_workflow(WorkflowChange("a", "late", version, content, gone=False))
        assert 1 == asked.count(RunKey("a", "early"))


async def test_workflows_that_went_while_kopf_was_away_are_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody tells of them, and what they left behind must go."""
    house = House()
    await house.furnish()
    async with house.controller() as runtime:
        await asyncio.sleep(SECONDS)
        runtime.look_at_workflow(WorkflowChange("a", "w", "1", ("u", 1), gone=False))
        await house.client.delete(Ref(WORKFLOWS, "a", "w"))
        asked: list[Key] = []
        monkeypatch.setattr(runtime.queue, "add", noting(asked, runtime.queue.add))
        await asyncio.sleep(AWAY)
        assert WorkflowKey("a", "w") in asked


async def test_a_turn_that_was_overtaken_is_counted_and_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What somebody changed in the middle of a turn is decided upon anew."""
    house = House()
    await house.furnish()
    turns: list[Key] = []

    async def overtaken(_: object, key: Key, *__: object) -> None:
        turns.append(key)
        if len(turns) == 1:
            raise StaleError("it has changed")

    monkeypatch.setattr("headrace.controller.term.turn", overtaken)
    async with house.controller() as runtime:
        await asyncio.sleep(SECONDS)
        assert 2 == turns.count(turns[0])
        (stale,) = runtime.metrics.stale.collect()
        assert 1 == next(each.value for each in stale.samples if each.name.endswith("_total"))


async def given_to(house: House, holder: str | None) -> None:
    """Give the Lease away by hand."""
    spec = {"holderIdentity": holder, "leaseDurationSeconds": 3600}
    await house.client.patch(Ref(LEASES, "a", "headrace"), {"spec": spec}, dict[str, Any])


async def test_one_that_loses_the_lease_stands_by_and_may_lead_again() -> None:
    """It writes nothing meanwhile, keeps its caches, and begins anew with all that is there."""
    house = House()
    await house.furnish()
    way = MemoryTransport(house.server)
    async with house.controller(way) as runtime:
        await asyncio.sleep(SECONDS)
        lists = sum(informer.counts["lists"] for informer in runtime.informers.values())
        await given_to(house, "another")
        await asyncio.sleep(SECONDS)
        way.requests.clear()
        await house.make(WORKFLOW_RUNS, "a", "late", {"workflow": "w"})
        await asyncio.sleep(60)
        assert {"GET"} >= {request.method for request in way.requests}
        assert (None, 0) == (runtime.ready(), runtime.queue.depth)
        assert runtime.caches.runs.get("a", "late") is not None
        assert not runtime.over.is_set()

        await given_to(house, None)
        await asyncio.sleep(SECONDS)
        late = await house.client.get(Ref(WORKFLOW_RUNS, "a", "late"), OwnObject)
        assert "startTime" in late.status
        # Each cache was compared with a list once more, and not built anew.
        informers = runtime.informers.values()
        anew = sum(each.scope.resource.namespaced for each in informers)
        assert lists + anew == sum(each.counts["lists"] for each in informers)


async def test_turns_end_with_their_term_and_the_next_one_waits_for_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two turns of a run are never under way at once, also not those of two terms."""
    house = House()
    await house.furnish()
    under_way: list[Key] = []
    turns: list[Key] = []

    async def slow(_: object, key: Key, *__: object) -> None:
        assert key not in under_way
        under_way.append(key)
        turns.append(key)
        try:
            await asyncio.sleep(1000)
        finally:
            await asyncio.sleep(20)  # It takes its time to end.
            under_way.remove(key)

    monkeypatch.setattr("headrace.controller.term.turn", slow)
    async with house.controller() as runtime:
        await asyncio.sleep(SECONDS)
        assert 4 == len(under_way)  # Two runs and two workflows.
        await given_to(house, "another")
        await asyncio.sleep(3)
        await given_to(house, None)
        await asyncio.sleep(SECONDS)
        assert 4 == len(turns)  # Those of the first term have not ended yet.
        await asyncio.sleep(20)
        assert 8 == len(turns)
        assert 0 == runtime.queue.depth


async def test_what_turns_have_learned_ends_with_their_term() -> None:
    """Who stands by for months does not keep what only turns would forget."""
    house = House()
    await house.furnish()
    async with house.controller() as runtime:
        await asyncio.sleep(SECONDS)
        runtime.caches.awaited.starts(RunKey("a", "x"), "t")
        await house.client.delete(Ref(WORKFLOW_RUNS, "a", "x"))
        await asyncio.sleep(0.1)
        await given_to(house, "another")
        await asyncio.sleep(SECONDS)
        assert not runtime.caches.awaited.anything
        assert () == runtime.caches.runs.tombstones_by_index(RunKey("a", "x"))


async def test_one_that_cannot_reach_the_api_server_stands_by_until_it_can() -> None:
    """It ends its work when the Lease may be another's, and goes on when it is elected again."""
    house = House()
    await house.furnish()
    way = MemoryTransport(house.server)
    async with house.controller(way) as runtime:
        await asyncio.sleep(SECONDS)
        first = runtime.term
        way.faults.black_hole = house.lease_way.faults.black_hole = True
        await asyncio.sleep(12)
        assert first is not runtime.term
        assert 0 == runtime.metrics.registry.get_sample_value("headrace_leading")
        way.faults.black_hole = house.lease_way.faults.black_hole = False
        await house.make(WORKFLOW_RUNS, "a", "late", {"workflow": "w"})
        await asyncio.sleep(100)  # A silent watch is begun anew, and so is what a term lists.
        assert 1 == runtime.metrics.registry.get_sample_value("headrace_leading")
        late = await house.client.get(Ref(WORKFLOW_RUNS, "a", "late"), OwnObject)
        assert "startTime" in late.status
        assert not runtime.over.is_set()


async def test_a_flood_in_one_namespace_delays_another_by_a_moment() -> None:
    """Hundreds of tasks wait for turns and requests; the one run of another namespace does not."""
    house = House()
    await house.furnish()
    for number in range(300):
        await house.make(TASK_RUNS, "a", f"flood-{number}", {"image": "busybox"})
    async with house.controller(qps=20, burst=20) as runtime:
        await asyncio.sleep(10)
        assert await house.began("b")
        assert runtime.queue.depth > 200
