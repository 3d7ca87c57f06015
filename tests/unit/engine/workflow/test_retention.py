"""What is kept of the past: `headrace.engine.workflow.retention`."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from headrace.api.v1alpha1.workflow import History
from headrace.engine.archive import ArchiveTerms
from headrace.engine.outcome import Outcome
from headrace.engine.run.job_retention import expired_jobs, jobs_expire
from headrace.engine.run.observed import ObservedRun, RunKey, RunLog
from headrace.engine.task.observed import ObservedTask
from headrace.engine.workflow.retention import (
    FinishedRun,
    expired_runs,
    next_expiry,
    unused_revisions,
)
from support.builders import at, chain, ended, exited, gone, waiting

DONE = ObservedTask(ended(Outcome.SUCCEEDED), exited(0))


def observed(finished: float | None = 0, **tasks: ObservedTask) -> ObservedRun:
    """Return a run that ended so many seconds after noon; its Jobs are kept for a minute."""
    status = RunLog(finished=None if finished is None else at(finished))
    definition = chain("a", "b", history=History(job_seconds=60))
    return ObservedRun(RunKey("d", "r"), "uid-1", at(-9), definition, tasks=tasks, log=status)


def unarchived(**tasks: ObservedTask) -> ObservedRun:
    """Return the same run where an archive has 100 s to write it."""
    return replace(observed(**tasks), archive=ArchiveTerms(timedelta(seconds=100)))


def archived(**tasks: ObservedTask) -> ObservedRun:
    """Return the same run after it was written."""
    return replace(unarchived(**tasks), archived=True)


def ends(run: ObservedRun, now: float) -> list[str]:
    """Name the attempts whose Jobs go."""
    return [f"{each.task}/{each.number}" for each in expired_jobs(run, at(now))]


@pytest.mark.parametrize(
    ("run", "now", "want"),
    [
        pytest.param(observed(a=DONE), 59, [], id="a second before jobSeconds"),
        pytest.param(observed(a=DONE), 60, ["a/1"], id="at jobSeconds"),
        pytest.param(observed(None, a=DONE), 999, [], id="the run goes on"),
        pytest.param(
            observed(a=replace(DONE, log=ended(Outcome.FAILED))),
            60,
            [],
            id="a failed task keeps its Jobs",
        ),
        pytest.param(
            observed(a=replace(DONE, sighting=gone())), 60, [], id="the Job is gone already"
        ),
        pytest.param(observed(a=replace(DONE, sighting=None)), 60, [], id="the task has no Job"),
        pytest.param(
            observed(a=replace(DONE, sighting=waiting(5))), 60, [], id="a wait never had a Job"
        ),
        pytest.param(archived(a=DONE), 60, ["a/1"], id="the archive has the logs"),
        pytest.param(unarchived(a=DONE), 99, [], id="the archive has yet to read the logs"),
        pytest.param(unarchived(a=DONE), 100, ["a/1"], id="the archive has had its time"),
        pytest.param(
            observed(a=replace(DONE, log=replace(DONE.log, count=3))),
            60,
            ["a/1", "a/2", "a/3"],
            id="the Jobs of all attempts are deleted",
        ),
        pytest.param(
            observed(a=replace(DONE, log=replace(DONE.log, count=3), sighting=gone(3))),
            60,
            ["a/1", "a/2"],
            id="the Jobs before the newest, which somebody deleted",
        ),
    ],
)
def test_expired_jobs(run: ObservedRun, now: float, want: list[str]) -> None:
    """The Jobs of succeeded tasks go some time after the run ended."""
    assert want == ends(run, now)


def test_jobs_have_a_time() -> None:
    """So that somebody looks then."""
    assert at(60) == jobs_expire(observed())
    assert jobs_expire(observed(None)) is None


def past(*runs: str) -> list[FinishedRun]:
    """Return ended runs: `g3` is a good one that ended three seconds after noon."""
    return [FinishedRun(name, at(int(name[1:])), succeeded=name[0] == "g") for name in runs]


@pytest.mark.parametrize(
    ("history", "now", "want"),
    [
        pytest.param(History(), 100, (), id="ten runs of each kind are kept"),
        pytest.param(
            History(successful_runs=1), 100, ("g1", "g3"), id="the newest succeeded runs are kept"
        ),
        pytest.param(History(failed_runs=1), 100, ("b2",), id="failed runs are counted separately"),
        pytest.param(
            History(successful_runs=0, failed_runs=0),
            100,
            ("g1", "b2", "g3", "b4", "g5"),
            id="the oldest runs are deleted first",
        ),
        pytest.param(
            History(ttl_seconds_after_finished=10),
            13,
            ("g1", "b2", "g3"),
            id="runs older than the ttl are deleted",
        ),
    ],
)
def test_expired_runs(history: History, now: float, want: tuple[str, ...]) -> None:
    """Finished runs beyond what is kept go."""
    assert want == expired_runs(past("g1", "b2", "g3", "b4", "g5"), history, at(now))


def test_runs_have_a_time_if_the_workflow_gives_one() -> None:
    """The oldest one's comes first."""
    ttl = History(ttl_seconds_after_finished=10)
    assert at(11) == next_expiry(past("g3", "b1"), ttl, at(5))
    assert next_expiry(past("g3"), History(), at(5)) is None
    assert next_expiry([], ttl, at(5)) is None


@pytest.mark.parametrize(
    ("history", "shown", "now", "want"),
    [
        pytest.param(History(successful_runs=0), 60, 5, at(60), id="it goes when all have seen it"),
        pytest.param(History(successful_runs=1), 60, 5, None, id="the history keeps it anyway"),
        pytest.param(History(successful_runs=0), 60, 60, None, id="it goes now"),
        pytest.param(
            History(ttl_seconds_after_finished=10), 60, 5, at(60), id="its ttl passes earlier"
        ),
        pytest.param(
            History(ttl_seconds_after_finished=90), 60, 5, at(90), id="its ttl passes later"
        ),
    ],
)
def test_a_run_that_stays_for_others_goes_later(
    history: History, shown: float, now: float, want: datetime | None
) -> None:
    """The workflow looks again at that moment: nothing else may wake it."""
    (run,) = past("g0")
    runs = [replace(run, shown_until=at(shown))]
    assert want == next_expiry(runs, history, at(now))
    if want is not None:
        assert () == expired_runs(runs, history, at(now))
        assert ("g0",) == expired_runs(runs, history, want)


def test_a_revision_that_nobody_refers_to_goes() -> None:
    """In the order of names."""
    assert ("a", "c") == unused_revisions(["c", "b", "a"], ["b", "z"])
