"""Stories of backfills over the API server in memory, left alone and disturbed by people."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from headrace.api.v1alpha1 import labels
from headrace.cluster.kinds import BACKFILLS, WORKFLOW_RUNS, WORKFLOWS
from support.backfill_rig import BackfillRig, days, name_of
from support.fake_cluster import Fault
from support.virtual_time import VirtualTimeLoop, run_virtually

EVENT_LOOP = VirtualTimeLoop
MONTH = 30


async def begun(backfill: dict[str, Any], **workflow: Any) -> BackfillRig:
    """Return a rig with a backfill that had its first turn."""
    rig = BackfillRig()
    await rig.start(backfill, **workflow)
    await rig.look()
    return rig


async def test_a_backfill_runs_each_night_one_after_the_other() -> None:
    """The runs are named like their ticks, and one at a time is active."""
    rig = await begun(days(1, 3))
    for day in (1, 2, 3):
        assert [name_of(day)] == rig.active
        assert ("Unknown", "Running") == rig.state
        await rig.end(name_of(day))
        await rig.look()
    assert ("True", "Succeeded") == rig.state
    assert {name_of(day): 1 for day in (1, 2, 3)} == rig.made
    assert ("3/3", 3, 0) == tuple(rig.shown[key] for key in ("progress", "done", "failed"))


async def test_a_run_has_the_marks_of_its_backfill() -> None:
    """People find it by its label; its parameters are those of the backfill."""
    given = {**days(1, 1), "params": [{"name": "market", "value": "DE"}]}
    rig = await begun(given, params=[{"name": "market"}])
    item = rig.server.storage.find(WORKFLOW_RUNS, ("default", name_of(1)))
    assert item is not None
    assert "b" == item["metadata"]["labels"][labels.BACKFILL]
    assert "Backfill" == item["spec"]["trigger"]
    assert (given["params"], -10) == (item["spec"]["params"], item["spec"]["priority"])
    assert "2029-01-01T01:30:00Z" == item["spec"]["logicalTime"]
    interval = {"start": "2028-12-31T01:30:00Z", "end": "2029-01-01T01:30:00Z"}
    assert interval == item["spec"]["interval"]
    assert "ownerReferences" not in item["metadata"]


async def test_the_newest_first() -> None:
    """Several at a time, too."""
    rig = await begun({**days(1, 4), "order": "NewestFirst", "maxActive": 2})
    assert sorted([name_of(3), name_of(4)]) == rig.active
    assert "2029-01-02T01:30:00Z" == rig.shown["next"]


async def test_ticks_with_a_run_are_skipped() -> None:
    """Whoever made the run, and whether it has ended."""
    rig = BackfillRig()
    for day in (1, 3):
        spec = {"workflow": "w", "logicalTime": f"2029-01-{day:02}T01:30:00Z"}
        await rig.give(WORKFLOW_RUNS, name_of(day), spec)
    await rig.start(days(1, 3))
    await rig.end(name_of(1))
    await rig.look()
    assert ("2/3", 2, 1) == tuple(rig.shown[key] for key in ("progress", "skipped", "active"))
    assert "0,2" == rig.shown["ticks"]["skipped"]


async def test_a_dry_run_creates_nothing() -> None:
    """It lists names; with dryRun set to false, it begins."""
    rig = await begun({**days(1, 2), "dryRun": True})
    assert ("Unknown", "DryRun") == rig.state
    assert [name_of(1), name_of(2)] == rig.shown["names"]
    assert {} == rig.made
    await rig.say(BACKFILLS, "b", dryRun=False)
    await rig.live()
    assert {name_of(1): 1, name_of(2): 1} == rig.made
    assert [] == rig.shown["names"]


async def test_deleting_a_backfill_leaves_its_runs() -> None:
    """Another one of its name skips them."""
    rig = await begun({**days(1, 3), "maxActive": 2})
    await rig.remove(BACKFILLS, "b")
    await rig.look()
    assert [name_of(1), name_of(2)] == rig.active
    await rig.give(BACKFILLS, "b", {"workflow": "w", **days(1, 3)})
    await rig.look()
    assert "0-1" == rig.shown["ticks"]["skipped"]
    assert [name_of(1), name_of(2), name_of(3)] == rig.active
    assert 3 == rig.made.total()


async def test_cancel_ends_the_active_runs() -> None:
    """They are asked to end; the backfill waits for them."""
    rig = await begun({**days(1, 3), "maxActive": 2})
    await rig.say(BACKFILLS, "b", desiredState="Cancel")
    await rig.look()
    for name in (name_of(1), name_of(2)):
        item = rig.server.storage.find(WORKFLOW_RUNS, ("default", name))
        assert item is not None
        assert "Cancel" == item["spec"]["desiredState"]
    assert ("Unknown", "Cancelling") == rig.state
    await rig.end(name_of(1), name_of(2), succeeded=False)
    await rig.look()
    assert ("False", "Cancelled") == rig.state


async def test_a_run_under_the_name_of_another_workflow_is_nobodys_tick() -> None:
    """The name is taken, so the tick is skipped; nothing is overwritten."""
    rig = BackfillRig()
    await rig.give(WORKFLOW_RUNS, name_of(2), {"workflow": "other"})
    await rig.start({**days(1, 3), "maxActive": 3})
    await rig.look()
    assert "1" == rig.shown["ticks"]["skipped"]
    assert [name_of(1), name_of(3)] == [name for name in rig.active if name != name_of(2)]


async def test_a_workflow_that_comes_later() -> None:
    """Both may be applied in any order."""
    rig = BackfillRig()
    await rig.give(BACKFILLS, "b", {"workflow": "w", **days(1, 1)})
    await rig.look()
    assert ("Unknown", "WorkflowNotFound") == rig.state
    task = {"name": "a", "image": "busybox"}
    spec = {"tasks": [task], "triggers": [{"schedule": {"cron": "30 1 * * *"}}]}
    await rig.give(WORKFLOWS, "w", spec)
    await rig.live()
    assert ("True", "Succeeded") == rig.state


@pytest.mark.parametrize("history", [0, 2])
async def test_history_never_takes_a_run_before_it_is_counted(history: int) -> None:
    """With no history at all, each end is counted and each run runs once."""
    rig = await begun({**days(1, 9), "maxActive": 3}, history={"successfulRuns": history})
    await rig.live()
    assert ("9/9", 9, 0) == tuple(rig.shown[key] for key in ("progress", "done", "failed"))
    assert {1} == set(rig.made.values())
    await rig.look()
    assert history == len(rig.server.storage.all(WORKFLOW_RUNS))


@pytest.mark.parametrize("policy", ["Forbid", "Replace", "Queue"])
async def test_the_schedule_is_not_held_up_by_a_backfill(policy: str) -> None:
    """Its tick is neither skipped nor cancelled: it waits for one run, and then goes first."""
    rig = await begun(days(1, 9), concurrency={"policy": policy})
    assert [name_of(1)] == rig.active
    await rig.sleep_until_tick()
    await rig.look()
    (tick,) = [name for name in rig.active if name != name_of(1)]
    await rig.look()
    item = rig.server.storage.find(WORKFLOW_RUNS, ("default", name_of(1)))
    assert item is not None
    assert "Cancel" != item["spec"].get("desiredState")
    await rig.end(name_of(1))
    await rig.look()
    await rig.look()
    assert [tick] == rig.active
    assert ("Unknown", "WaitingForTurn") == rig.state
    await rig.end(tick)
    await rig.look()
    assert [name_of(2)] == rig.active


async def test_the_schedule_and_a_backfill_share_the_tick_of_now() -> None:
    """Whoever comes first: there is one run of it."""
    rig = BackfillRig()
    await rig.start({"from": "2030-01-01T00:00:00Z", "to": "2030-01-03T00:00:00Z"})
    await rig.look()
    assert ("Unknown", "WaitingForTime") == rig.state
    await rig.sleep_until_tick()
    await rig.look()
    await rig.look()
    assert 1 == rig.made.total()


# --- kill at every write ----------------------------------------------------------------------


async def a_month(disturb: dict[int, Fault]) -> BackfillRig:
    """Let a backfill of thirty nights live to its end, with these faults."""
    rig = BackfillRig()
    rig.way.planned = dict(disturb)
    await rig.start({**days(1, MONTH), "maxActive": 4}, history={"successfulRuns": 3})
    await rig.live()
    return rig


WRITES = len(run_virtually(a_month({})).way.writes)


def test_a_month_has_enough_writes_to_fail_at() -> None:
    """Thirty runs, and a status now and then."""
    assert WRITES > 2 * MONTH


@pytest.mark.parametrize("fault", list(Fault), ids=lambda fault: fault.name.lower())
@pytest.mark.parametrize("write", range(1, WRITES + 1))
async def test_a_fault_at_any_write_does_no_tick_twice(write: int, fault: Fault) -> None:
    """Each night has one run, each end is counted."""
    rig = await a_month({write: fault})
    assert {name_of(day): 1 for day in range(1, MONTH + 1)} == rig.made
    assert (MONTH, 0, 0) == tuple(rig.shown[key] for key in ("done", "failed", "skipped"))
    assert ("True", "Succeeded") == rig.state


async def test_a_controller_that_ends_at_every_write_gets_there_all_the_same() -> None:
    """Each life of the process makes one step."""
    rig = await a_month(dict.fromkeys(range(1, 2000), Fault.CRASH_AFTER))
    assert {name_of(day): 1 for day in range(1, MONTH + 1)} == rig.made
    assert MONTH == rig.shown["done"]


# --- people at any moment ---------------------------------------------------------------------

Act = Callable[[BackfillRig], Coroutine[Any, Any, None]]
SPEC = {"workflow": "w", **days(1, 9), "maxActive": 2}


async def pause(rig: BackfillRig) -> None:
    """Pause for a while."""
    await rig.say(BACKFILLS, "b", desiredState="Pause")
    await rig.look()
    await rig.end(*rig.active)
    await rig.look()
    assert [] == rig.active
    await rig.say(BACKFILLS, "b", desiredState="Run")


async def anew(rig: BackfillRig) -> None:
    """Delete the backfill, and create it again."""
    await rig.remove(BACKFILLS, "b")
    await rig.give(BACKFILLS, "b", SPEC)


async def later(rig: BackfillRig) -> None:
    """Delete the backfill, and create it again after its runs have ended."""
    await rig.remove(BACKFILLS, "b")
    await rig.look()
    await rig.end(*rig.active)
    await rig.look()
    await rig.give(BACKFILLS, "b", SPEC)


@pytest.mark.parametrize("act", [pause, anew, later], ids=lambda act: act.__name__)
@pytest.mark.parametrize("moment", range(8))
async def test_whatever_people_do_at_any_moment_does_no_tick_twice(act: Act, moment: int) -> None:
    """Each night has one run."""
    rig = BackfillRig()
    await rig.start({**days(1, 9), "maxActive": 2})
    for _ in range(moment):
        await rig.look()
        await rig.end(*rig.active[:1])
    await act(rig)
    await rig.live()
    assert {name_of(day): 1 for day in range(1, 10)} == rig.made
    assert 0 == rig.shown["failed"]
