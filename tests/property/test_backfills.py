"""Random lives of a backfill: people, the schedule, lost answers and crashes at any moment."""

from collections.abc import Callable, Coroutine
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from headrace.cluster.kinds import BACKFILLS, WORKFLOW_RUNS, WORKFLOWS
from property.test_runs import UNHURRIED
from support.backfill_rig import NIGHTLY, BackfillRig, days, name_of
from support.fake_cluster import Fault
from support.virtual_time import run_virtually

NIGHTS = 9
Act = Callable[["Life"], Coroutine[Any, Any, None]]


class Life:
    """A backfill and all that happens to it."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self.rig = BackfillRig()
        self.spec = {**days(1, NIGHTS), **spec}
        self.most = 0
        """The most active runs of the backfill at a time."""

    async def create(self) -> None:
        """Create the backfill, if there is none."""
        if self.rig.server.storage.find(BACKFILLS, ("default", "b")) is None:
            await self.rig.give(BACKFILLS, "b", {"workflow": "w", **self.spec})

    async def delete(self) -> None:
        await self.rig.remove(BACKFILLS, "b")

    async def pause(self) -> None:
        await self.rig.say(BACKFILLS, "b", desiredState="Pause")

    async def go_on(self) -> None:
        await self.rig.say(BACKFILLS, "b", desiredState="Run")

    async def end_one(self) -> None:
        await self.rig.end(*self.rig.active[:1])

    async def end_all(self) -> None:
        await self.rig.end(*self.rig.active)

    async def fail_one(self) -> None:
        await self.rig.end(*self.rig.active[-1:], succeeded=False)

    async def crash(self) -> None:
        self.rig.restart()

    async def a_night_passes(self) -> None:
        await self.rig.sleep_until_tick()

    async def another_schedule(self) -> None:
        triggers = [{"schedule": {**NIGHTLY, "cron": "15 3 * * *"}}]
        await self.rig.say(WORKFLOWS, "w", triggers=triggers)

    async def by_hand(self) -> None:
        """Let somebody run a night by hand, under the name of its tick."""
        name = name_of(NIGHTS)
        if self.rig.server.storage.find(WORKFLOW_RUNS, ("default", name)) is None:
            await self.rig.give(WORKFLOW_RUNS, name, {"workflow": "w"})

    async def look(self) -> None:
        """Look, and count how many of the nights are active."""
        await self.rig.look()
        nights = {name_of(day) for day in range(1, NIGHTS + 1)}
        self.most = max(self.most, len(nights.intersection(self.rig.active)))


ACTS: tuple[Act, ...] = (
    *(Life.look, Life.look, Life.look, Life.end_one, Life.end_one, Life.end_all, Life.fail_one),
    *(Life.create, Life.delete, Life.pause, Life.go_on, Life.crash, Life.a_night_passes),
    *(Life.another_schedule, Life.by_hand),
)

SPECS = st.fixed_dictionaries(
    {},
    optional={
        "maxActive": st.integers(1, 4),
        "order": st.sampled_from(["OldestFirst", "NewestFirst"]),
        "onFailure": st.sampled_from(["Continue", "Stop"]),
        "existing": st.sampled_from(["Skip", "RerunFailed", "RerunAll"]),
    },
)
POLICIES = st.sampled_from(["Allow", "Forbid", "Replace", "Queue"])
FAULTS = st.dictionaries(st.integers(1, 60), st.sampled_from(Fault), max_size=6)


async def lived(
    spec: dict[str, Any], workflow: dict[str, Any], faults: dict[int, Fault], acts: list[Act]
) -> Life:
    """Live with these faults and acts, and then undisturbed to the end."""
    life = Life(spec)
    life.rig.way.planned = dict(faults)
    await life.rig.start(life.spec, **workflow)
    for act in acts:
        await act(life)
        await life.look()
    await life.create()
    await life.go_on()
    for _ in range(60):
        await life.look()
        await life.end_all()
        if life.rig.shown.get("completionTime"):
            break
    return life


@UNHURRIED
@given(SPECS, POLICIES, FAULTS, st.lists(st.sampled_from(ACTS), max_size=25))
def test_no_tick_starts_two_runs(
    spec: dict[str, Any], policy: str, faults: dict[int, Fault], acts: list[Act]
) -> None:
    """
    Each run is created once, the backfill ends, and all its logical times are accounted for.

    No run is repeated twice, also where somebody creates the backfill again.
    """
    workflow = {"concurrency": {"policy": policy}, "history": {"successfulRuns": 1000}}
    life = run_virtually(lived(spec, workflow, faults, acts))
    rig, shown = life.rig, life.rig.shown
    for counted in (rig.made, rig.repeated):
        assert not {name: count for name, count in counted.items() if count > 1}
    assert shown.get("completionTime"), shown
    accounted = shown["done"] + shown["failed"] + shown["skipped"]
    assert 0 == shown["active"]
    assert accounted <= NIGHTS == shown["total"]
    if not (spec.get("onFailure") == "Stop" and shown["failed"]):
        assert NIGHTS == accounted
        nights = {name_of(day) for day in range(1, NIGHTS + 1)}
        assert nights <= set(rig.made) or Life.another_schedule in acts


# --- nights that ran before ---------------------------------------------------------------------

LATER: tuple[Act, ...] = (
    *(Life.look, Life.look, Life.end_one, Life.end_all, Life.fail_one),
    *(Life.pause, Life.go_on, Life.crash),
)
BEFORE = st.lists(
    st.sampled_from(["none", "failed", "succeeded", "active"]), min_size=NIGHTS, max_size=NIGHTS
)


def oracle(before: list[str], existing: str) -> tuple[dict[str, int], dict[str, int]]:
    """Return the nights that get a run, and the runs that get a rerun, by what was there before."""
    repeated = {"RerunFailed": {"failed"}, "RerunAll": {"failed", "succeeded"}}.get(existing, set())
    named = [(name_of(day), state) for day, state in enumerate(before, 1)]
    return (
        {name: 1 for name, state in named if state == "none"},
        {name: 1 for name, state in named if state in repeated},
    )


async def again(
    spec: dict[str, Any], before: list[str], faults: dict[int, Fault], acts: list[Act]
) -> tuple[Life, set[str]]:
    """Let nights run before, then live; return the life, and the runs of before."""
    life = Life(spec)
    rig = life.rig
    there = {name_of(day): state for day, state in enumerate(before, 1) if state != "none"}
    for name, state in there.items():
        await rig.give(WORKFLOW_RUNS, name, {"workflow": "w"})
        if state != "active":
            await rig.end(name, succeeded=state == "succeeded")
    rig.way.planned = dict(faults)
    await rig.start(life.spec, history={"successfulRuns": 1000, "failedRuns": 1000})
    for act in (Life.look, *acts):
        await act(life)
        await life.look()
    await life.go_on()
    for _ in range(60):
        await life.look()
        await life.end_all()
        if rig.shown.get("completionTime"):
            break
    return life, set(there)


@UNHURRIED
@given(SPECS, BEFORE, FAULTS, st.lists(st.sampled_from(LATER), max_size=12))
def test_exactly_what_was_asked_for_runs_again(
    spec: dict[str, Any], before: list[str], faults: dict[int, Fault], acts: list[Act]
) -> None:
    """As the oracle says, once each, whatever happens meanwhile."""
    life, there = run_virtually(again({**spec, "onFailure": "Continue"}, before, faults, acts))
    rig = life.rig
    new, repeated = oracle(before, spec.get("existing", "Skip"))
    assert repeated == dict(rig.repeated)
    nights = {name_of(day) for day in range(1, NIGHTS + 1)} - there
    assert new == {name: rig.made[name] for name in nights if rig.made[name]}
    assert rig.shown.get("completionTime"), rig.shown
    assert NIGHTS - len(new) - len(repeated) == rig.shown["skipped"]
    assert NIGHTS == rig.shown["done"] + rig.shown["failed"] + rig.shown["skipped"]
