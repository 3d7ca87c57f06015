"""
Stories of the archive, with the controller's history beside it, in virtual time.

The database is a real one: a file.
"""

from datetime import timedelta
from pathlib import Path

import pytest

from headrace.archive.ledger.reading import Search
from headrace.cluster.kinds import WORKFLOW_RUNS, WORKFLOWS
from headrace.kube.resources import EVENTS, PODS
from support.archive_rig import LIMIT, LINES, SPEC, ArchiveRig, Kill, archiving
from support.virtual_time import VirtualTimeLoop

EVENT_LOOP = VirtualTimeLoop
DAY = int(LIMIT.total_seconds())


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Return the URL of a new database."""
    return f"sqlite:///{tmp_path}/archive.db"


def archived(rig: ArchiveRig) -> list[str]:
    """Return the names of the archived runs, the newest first."""
    return [each["metadata"]["name"] for each in rig.reader.runs(Search())]


def in_cluster(rig: ArchiveRig) -> list[str]:
    """Return the names of the runs in the cluster."""
    return sorted(each["metadata"]["name"] for each in rig.runs())


async def test_a_run_outlives_its_cluster(url: str) -> None:
    """It ends, is written, is marked, and history deletes it; all of it can still be read."""
    async with archiving(url) as rig:
        await rig.make(WORKFLOWS, "w", SPEC)
        await rig.pass_time(90)
        assert ([], ["w-once"]) == (in_cluster(rig), archived(rig))
        assert [] == list(rig.server.storage.all(PODS))
        kept = rig.reader.run("default", "w-once")
        assert kept is not None
        assert "w" == kept.run["spec"]["workflow"]
        assert ["a"] == [task["spec"]["task"] for task in kept.tasks]
        assert kept.definition is not None
        assert "a" == kept.definition["tasks"][0]["name"]
        (log,) = rig.reader.logs("default", "w-once")
        assert ("a", 1, LINES.splitlines()) == (log.task, log.attempt, log.lines)
        assert (0, None) == (rig.lost, rig.runtime.ready())


async def test_nothing_goes_before_it_is_written(url: str) -> None:
    """History would keep nothing, and Jobs would go at once: both wait, with the logs."""
    async with archiving(url) as rig:
        rig.fate.away = True
        await rig.make(WORKFLOWS, "w", SPEC)
        await rig.pass_time(60)
        assert ["w-once"] == in_cluster(rig)
        assert 1 == len(list(rig.server.storage.all(PODS)))
        assert [] == rig.marked()
        rig.fate.away = False
        await rig.pass_time(60)
        assert ([], ["w-once"]) == (in_cluster(rig), archived(rig))


async def test_a_database_that_is_away_for_an_hour_loses_nothing(url: str) -> None:
    """The archive says so, goes on asking, and writes all that ended meanwhile."""
    async with archiving(url) as rig:
        rig.fate.away = True
        await rig.make(WORKFLOWS, "w", SPEC)
        for number in range(12):
            await rig.make(WORKFLOW_RUNS, f"more-{number}", {"workflow": "w"})
            await rig.pass_time(300, step=10)
        assert 13 == len(in_cluster(rig))
        assert "the archive gives no answer" == rig.runtime.ready()
        rig.fate.away = False
        await rig.pass_time(120)
        assert ([], 13, 0) == (in_cluster(rig), len(archived(rig)), rig.lost)
        assert rig.runtime.ready() is None


async def test_a_lost_archive_blocks_no_work(url: str) -> None:
    """After the limit, history deletes all the same; an Event says so, and the number counts it."""
    async with archiving(url) as rig:
        rig.fate.away = True
        await rig.make(WORKFLOWS, "w", SPEC)
        await rig.pass_time(30)
        await rig.pass_time(DAY - 600, step=600)
        assert (["w-once"], 0) == (in_cluster(rig), rig.lost)
        await rig.pass_time(900, step=10)
        assert ([], [], 1) == (in_cluster(rig), archived(rig), rig.lost)
        notes = {each["note"] for each in rig.server.storage.all(EVENTS)}
        (note,) = [each for each in notes if "archive" in each]
        assert note.startswith("history deletes w-once, which the archive has not written within")
        await rig.make(WORKFLOW_RUNS, "next", {"workflow": "w"})
        await rig.pass_time(10)
        assert ["next"] == in_cluster(rig)


async def test_a_run_is_copied_when_it_has_settled(url: str) -> None:
    """Its last Event, and the last lines of its logs, come some moments after its end."""
    async with archiving(url) as rig:
        await rig.make(WORKFLOWS, "w", SPEC)
        await rig.pass_time(5)
        (run,) = rig.runs()
        assert run["status"]["completionTime"]
        assert [] == archived(rig)
        await rig.pass_time(10)
        assert ["w-once"] == archived(rig)


async def test_a_run_is_marked_after_those_that_it_called(url: str) -> None:
    """They are deleted together, so the mark of the caller speaks for all of them."""
    async with archiving(url) as rig:
        call = {"name": "call", "workflow": {"name": "inner"}}
        # A workflow that follows another one has no first run of its own.
        never = {"triggers": [{"workflow": {"name": "nobody"}}]}
        await rig.make(WORKFLOWS, "inner", {**SPEC, **never})
        await rig.make(WORKFLOWS, "w", {**SPEC, "tasks": [call]})
        await rig.pass_time(90)
        assert [] == in_cluster(rig)
        caller, called = (
            rig.reader.runs(Search(workflow="w")),
            rig.reader.runs(Search(workflow="inner")),
        )
        assert (1, 1) == (len(caller), len(called))
        assert 2 == rig.writer.forget("default", caller[0]["metadata"]["name"], "bob", rig.clock())


async def told(url: str, kill: Kill | None) -> int:
    """Tell the life of two runs, in which the archive is killed once; return its steps."""
    async with archiving(url) as rig:
        rig.fate.kill = kill
        await rig.make(WORKFLOWS, "w", SPEC)
        await rig.make(WORKFLOW_RUNS, "second", {"workflow": "w"})
        await rig.pass_time(150)
        assert ([], ["second", "w-once"]) == (in_cluster(rig), sorted(archived(rig)))
        assert 0 == rig.lost
        for name in ("second", "w-once"):
            assert 1 == len(list(rig.reader.logs("default", name)))
        return rig.fate.steps


async def test_an_archive_that_is_killed_at_any_step_loses_nothing(tmp_path: Path) -> None:
    """Before and after each question to the database, and each request: reads, writes, the mark."""
    steps = await told(f"sqlite:///{tmp_path}/whole.db", None)
    assert steps > 15
    for step in range(1, steps + 1):
        for after in (False, True):
            await told(f"sqlite:///{tmp_path}/{step}-{after}.db", Kill(step, after))


async def test_a_run_that_somebody_deletes_is_no_trouble(url: str) -> None:
    """People may delete what they own, also before it is archived."""
    async with archiving(url) as rig:
        rig.fate.away = True
        await rig.make(WORKFLOWS, "w", SPEC)
        await rig.pass_time(10)
        rig.lost = 1  # By a person, not by history.
        rig.remove("w-once")
        rig.fate.away = False
        await rig.pass_time(120)
        assert ([], []) == (in_cluster(rig), archived(rig))
        assert rig.runtime.ready() is None


async def test_old_runs_go_when_their_days_are_over(url: str) -> None:
    """`archive.keepDays` counts from the end of a run."""
    async with archiving(url) as rig:
        await rig.make(WORKFLOWS, "w", SPEC)
        await rig.pass_time(90)
        assert 0 == rig.writer.drop_older(rig.clock() - timedelta(days=1))
        assert 1 == rig.writer.drop_older(rig.clock())
        assert [] == archived(rig)
