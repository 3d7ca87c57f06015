"""
Stories of a served folder in virtual time: ticks, chains and kills at any moment.

`HEADRACE_SERVED_HOURS` makes the long one longer.
"""

import os
import tempfile
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from headrace.engine.workflow.run_names import run_name
from support.served_rig import START, Rig
from support.virtual_time import VirtualTimeLoop, seeded

EVENT_LOOP = VirtualTimeLoop

MINUTELY = {"everySeconds": 60}
MINUTE = timedelta(minutes=1)
HOURS = float(os.environ.get("HEADRACE_SERVED_HOURS", "0.3"))
MEMORY = Path("/dev/shm")  # noqa: S108 - thousands of folders, in memory if there is such a place
AT_HAND = timedelta(seconds=3)
"""How long before a kill a tick may have been without its run yet."""
POLICIES = ("None", "Latest", "All")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else tmp_path) as name:
        yield Path(name)


def scheduled(catch_up: str, **spec: Any) -> dict[str, Any]:
    """Return a workflow with a tick a minute."""
    schedule = {**MINUTELY, "catchUp": catch_up, "maxCatchUp": 1000}
    return {"triggers": [{"schedule": schedule}], "history": {"successfulRuns": 2}, **spec}


def ticks(begin: datetime, end: datetime) -> Iterator[datetime]:
    """Yield the full minutes after an instant, up to another."""
    for number in count(1):
        if (tick := begin.replace(second=0, microsecond=0) + number * MINUTE) > end:
            return
        yield tick


def promised(rig: Rig, catch_up: str, tick: datetime, end: datetime) -> bool:
    """Return whether a tick must have had a run by the end of a story."""
    if tick + AT_HAND > end:
        return False
    for begin, until in rig.down:
        if begin - AT_HAND <= tick < until:
            newest = tick + MINUTE > until
            on_time = until - tick < MINUTE - AT_HAND
            return {"All": True, "Latest": newest, "None": newest and on_time}[catch_up]
    return True


async def test_a_hundred_workflows_every_minute_and_random_kills(folder: Path) -> None:
    """Each tick starts one run at most, and as its catchUp promises at least."""
    rig, random = Rig(folder, lambda name: 1.0 + len(name)), seeded("a hundred")
    policy = {f"w-{number}": POLICIES[number % 3] for number in range(100)}
    rig.write({name: scheduled(catch_up) for name, catch_up in policy.items()})
    begin, kills = rig.clock(), 0
    while rig.clock() - begin < timedelta(hours=HOURS):
        kills += await rig.serve(random.uniform(1, 900), writes=random.randrange(6000))
        await rig.away(random.choice((0.1, 5.0, 59.0, 70.0, 400.0)))
    await rig.serve(90)
    end = rig.clock()

    assert kills
    assert [] == rig.failures()
    assert {} == {name: times for name, times in rig.store.created.items() if times != 1}
    missing = [
        run_name(name, tick)
        for name, catch_up in policy.items()
        for tick in ticks(begin, end)
        if promised(rig, catch_up, tick, end) and run_name(name, tick) not in rig.store.created
    ]
    assert [] == missing


@pytest.mark.parametrize("catch_up", POLICIES)
async def test_each_tick_was_started_or_is_counted_as_missed(folder: Path, catch_up: str) -> None:
    """Nothing is lost without a trace."""
    rig = Rig(folder)
    rig.write({"w": scheduled(catch_up)})
    for seconds, away in ((200, 0.5), (61, 700), (5, 3000), (130, 59)):
        await rig.serve(seconds)
        await rig.away(away)
    await rig.serve(2)

    log = rig.store.workflow_log("w")
    assert log.schedule is not None
    assert log.schedule.last_tick is not None
    passed = (log.schedule.last_tick - START) // MINUTE
    assert passed == len(rig.store.created) + log.missed
    assert {"None": True, "Latest": True, "All": False}[catch_up] is bool(log.missed)


CHAIN: Mapping[str, Mapping[str, Any]] = {
    "a": scheduled("All", concurrency={"policy": "Queue"}),
    "b": {"triggers": [{"workflow": {"name": "a"}}], "history": {"successfulRuns": 1}},
    "c": {"triggers": [{"workflow": {"name": "b"}}, {"onApply": {}}]},
    "d": {"concurrency": {"policy": "Forbid"}},
}


async def chained(folder: Path, kill: int | None) -> tuple[bool, dict[str, int]]:
    """Serve a chain, kill it at a step, and serve it on; return what was created how often."""
    rig = Rig(folder, lambda _: 5.0)
    rig.write(CHAIN)
    killed = await rig.serve(80, writes=kill)
    await rig.serve((START + timedelta(seconds=170) - rig.clock()).total_seconds())
    assert [] == rig.failures()
    for workflow in CHAIN:
        assert all(run.log.finished for run in rig.store.runs_of(workflow, {}))
    assert {1} == set(rig.store.created.values())
    return killed, {name: len(_of(rig, name)) for name in CHAIN}


def _of(rig: Rig, workflow: str) -> list[str]:
    return [name for name in rig.store.created if name.startswith(f"{workflow}-")]


async def test_a_server_killed_at_any_write_does_everything_once(folder: Path) -> None:
    """A chain of three workflows: before and after each write, of runs, statuses and ends."""
    _, want = await chained(folder / "whole", None)
    assert {"a": 2, "b": 2, "c": 3, "d": 1} == want
    for step in count():
        killed, got = await chained(folder / str(step), step)
        assert want == got, f"killed at step {step}"
        if not killed:
            break
    assert step > 60


async def test_a_tick_beside_a_running_run_is_skipped_and_counted(folder: Path) -> None:
    """As the policy says: the run of 150 seconds meets two ticks."""
    rig = Rig(folder, lambda _: 150.0)
    rig.write({"w": scheduled("Latest", concurrency={"policy": "Forbid"})})
    await rig.serve(200)
    assert [run_name("w", START + MINUTE)] == [*rig.store.created]
    assert 2 == rig.store.workflow_log("w").missed
    assert {"ConcurrencyForbidden"} == {e.kind for e in rig.events if "Forbid" in e.message}


async def test_runs_wait_in_order_and_a_new_limit_lets_them_go(folder: Path) -> None:
    """Until it begins, a run follows the policy that its workflow has now."""
    rig = Rig(folder, lambda _: 10_000.0)
    rig.write({"w": scheduled("Latest", concurrency={"policy": "Queue"})})
    await rig.serve(200)
    begun = [run.log.begun for run in rig.store.runs_of("w", {})]
    assert [True, False, False] == sorted(begun, reverse=True)
    rig.write({"w": scheduled("Latest", concurrency={"policy": "Queue", "maxRuns": 2})})
    await rig.serve(5)
    runs = sorted(rig.store.runs_of("w", {}), key=lambda run: run.created)
    assert [True, True, False] == [run.log.begun for run in runs]


async def test_suspended_ticks_are_decided_when_the_suspension_ends(folder: Path) -> None:
    """The file says `suspend: true`, and later it does not."""
    rig = Rig(folder)
    rig.write({"w": scheduled("Latest")})
    await rig.serve(70)
    rig.write({"w": scheduled("Latest", suspend=True)})
    await rig.serve(300)
    assert 1 == len(rig.store.created)
    rig.write({"w": scheduled("Latest")})
    await rig.serve(10)
    assert 2 == len(rig.store.created)


async def test_a_removed_workflow_goes_with_its_last_run(folder: Path) -> None:
    """Its runs stay for an hour. A workflow of its name begins anew."""
    rig = Rig(folder)
    rig.write({"w": {}, "other": {}})
    await rig.serve(10)
    before = rig.store.workflow("w")
    rig.write({"other": {}})
    await rig.serve(10)
    gone = rig.store.workflow("w")
    assert gone is not None
    assert gone.gone
    await rig.serve(4000)
    assert (None, []) == (rig.store.workflow("w"), rig.store.runs_of("w", {}))

    rig.write({"w": {}, "other": {}})
    await rig.serve(10)
    after = rig.store.workflow("w")
    assert before is not None
    assert after is not None
    assert before.uid != after.uid
    assert (2, 1) == (rig.store.created["w-once"], rig.store.created["other-once"])
