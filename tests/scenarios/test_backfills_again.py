"""Stories of backfills over logical times that have runs already: what is repeated, how often."""

from typing import Any

import pytest

from headrace.cluster.kinds import BACKFILLS, WORKFLOW_RUNS
from support.backfill_rig import BackfillRig, days, name_of
from support.fake_cluster import Fault
from support.virtual_time import VirtualTimeLoop, run_virtually

EVENT_LOOP = VirtualTimeLoop
FAILED, DONE, ACTIVE, NONE = 1, 2, 3, 4
"""Nights with a run that has failed, succeeded or goes on, and one without a run."""
TIMES = {**days(1, 4), "maxActive": 2}


async def four_nights(existing: str, disturb: dict[int, Fault] | None = None) -> BackfillRig:
    """Return a backfill of four nights, of which three have a run of somebody else."""
    rig = BackfillRig()
    rig.way.planned = dict(disturb or {})
    for day in (FAILED, DONE, ACTIVE):
        spec = {"workflow": "w", "logicalTime": f"2029-01-{day:02}T01:30:00Z"}
        await rig.give(WORKFLOW_RUNS, name_of(day), spec)
    await rig.end(name_of(FAILED), succeeded=False)
    await rig.end(name_of(DONE))
    await rig.start({**TIMES, "existing": existing})
    return rig


async def lived(existing: str, disturb: dict[int, Fault] | None = None) -> BackfillRig:
    """Let it live to its end; the run of somebody else goes on."""
    rig = await four_nights(existing, disturb)
    for _ in range(50):
        await rig.look()
        if rig.shown.get("completionTime"):
            return rig
        await rig.end(*(name for name in rig.active if name != name_of(ACTIVE)))
    raise AssertionError("the backfill does not end")


WANT = {
    "Skip": ({}, "1/0/3"),
    "RerunFailed": ({name_of(FAILED): 1}, "2/0/2"),
    "RerunAll": ({name_of(FAILED): 1, name_of(DONE): 1}, "3/0/1"),
}
"""By what somebody asks for: how often each run is repeated; done, failed and skipped nights."""


def counted(rig: BackfillRig) -> str:
    return "/".join(str(rig.shown[key]) for key in ("done", "failed", "skipped"))


@pytest.mark.parametrize("existing", WANT)
async def test_what_is_there_is_repeated_as_somebody_asked(existing: str) -> None:
    """A run that goes on never is, and a night without a run gets one."""
    rig = await lived(existing)
    repeated, count = WANT[existing]
    assert (repeated, count) == (rig.repeated, counted(rig))
    assert {1} == set(rig.made.values())
    assert 1 == rig.made[name_of(NONE)]
    assert ("True", "Succeeded") == rig.state


async def test_a_rerun_names_the_run_and_has_the_marks_of_the_backfill() -> None:
    """Its instants are those of the repeated run, so it gives none."""
    rig = await four_nights("RerunFailed")
    await rig.look()
    (item,) = (run for run in rig.server.storage.all(WORKFLOW_RUNS) if "rerunOf" in run["spec"])
    spec: dict[str, Any] = item["spec"]
    assert {"name": name_of(FAILED), "from": "Failed"} == spec["rerunOf"]
    assert ("Backfill", -10) == (spec["trigger"], spec["priority"])
    assert not {"logicalTime", "interval"} & spec.keys()
    assert "b" == item["metadata"]["labels"]["headrace.dev/backfill"]
    assert item["metadata"]["name"].startswith(f"{name_of(FAILED)}-")


WRITES = {existing: len(run_virtually(lived(existing)).way.writes) for existing in WANT}
MOMENTS = [(existing, write) for existing in WANT for write in range(1, WRITES[existing] + 1)]


@pytest.mark.parametrize("fault", list(Fault), ids=lambda fault: fault.name.lower())
@pytest.mark.parametrize(("existing", "write"), MOMENTS)
async def test_a_fault_at_any_write_repeats_no_run_twice(
    existing: str, write: int, fault: Fault
) -> None:
    """Each run has its one rerun, each end is counted."""
    rig = await lived(existing, {write: fault})
    assert WANT[existing] == (rig.repeated, counted(rig))
    assert {1} == set(rig.made.values())


async def test_a_controller_that_ends_at_every_write_gets_there_all_the_same() -> None:
    """Each life of the process makes one step."""
    rig = await lived("RerunAll", dict.fromkeys(range(1, 500), Fault.CRASH_AFTER))
    assert WANT["RerunAll"] == (rig.repeated, counted(rig))


@pytest.mark.parametrize("moment", range(6))
async def test_deleted_and_created_again_it_repeats_no_run_twice(moment: int) -> None:
    """Nothing of a night is repeated that succeeded, and no run has two reruns."""
    rig = await four_nights("RerunFailed")
    for _ in range(moment):
        await rig.look()
        await rig.end(*[name for name in rig.active if name != name_of(ACTIVE)][:1])
    await rig.remove(BACKFILLS, "b")
    await rig.look()
    await rig.give(BACKFILLS, "b", {"workflow": "w", **TIMES, "existing": "RerunFailed"})
    await rig.live()
    assert {name_of(FAILED): 1} == rig.repeated
    assert {1} == set(rig.made.values())


async def test_created_again_it_repeats_what_failed_once_more() -> None:
    """A rerun that failed is the run to repeat then: it has the most results."""
    rig = await four_nights("RerunFailed")
    await rig.look()
    (first,) = (name for name in rig.active if name.startswith(f"{name_of(FAILED)}-"))
    await rig.end(*(name for name in rig.active if name != first))
    await rig.end(first, succeeded=False)
    await rig.look()
    assert ("False", "Failed") == rig.state
    await rig.remove(BACKFILLS, "b")
    await rig.look()
    await rig.give(BACKFILLS, "b", {"workflow": "w", **TIMES, "existing": "RerunFailed"})
    await rig.live()
    assert {name_of(FAILED): 1, first: 1} == rig.repeated
    assert "1/0/3" == counted(rig)


async def test_two_backfills_repeat_a_run_once() -> None:
    """The second one sees a rerun that goes on."""
    rig = await four_nights("RerunFailed")
    await rig.look()
    (first,) = (name for name in rig.active if name.startswith(f"{name_of(FAILED)}-"))
    await rig.end(*(name for name in rig.active if name != first))
    await rig.remove(BACKFILLS, "b")
    await rig.look()
    await rig.give(BACKFILLS, "b", {"workflow": "w", **TIMES, "existing": "RerunFailed"})
    await rig.look()
    assert first in rig.active
    assert ({name_of(FAILED): 1}, "0/0/4") == (rig.repeated, counted(rig))


async def test_a_rerun_that_never_began_is_no_hindrance() -> None:
    """It was refused, so there is nothing of it to repeat; the run before it is repeated again."""
    rig = await four_nights("RerunFailed")
    await rig.look()
    (first,) = (name for name in rig.active if name.startswith(f"{name_of(FAILED)}-"))
    await rig.end(*(name for name in rig.active if name != first))
    await rig.end(first, succeeded=False, began=False)
    await rig.remove(BACKFILLS, "b")
    await rig.look()
    await rig.give(BACKFILLS, "b", {"workflow": "w", **TIMES, "existing": "RerunFailed"})
    await rig.live()
    assert ({name_of(FAILED): 2}, "1/0/3") == (rig.repeated, counted(rig))
    assert {1} == set(rig.made.values())
