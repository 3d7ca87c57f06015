"""The last words on a run: `headrace.cli.summary`."""

from pathlib import Path

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.cli.log_tail import tail
from headrace.cli.summary import summary
from headrace.engine.outcome import Outcome
from headrace.engine.run.observed import Counts, ObservedRun, RunKey, RunLog
from headrace.engine.task.observed import ObservedTask
from headrace.local.folder import StateFolder
from support.builders import NOON, at, chain, ended, task, workflow

FINISHED = RunLog(started=NOON, finished=at(3), counts=Counts(total=2))


def told(folder: Path, log: RunLog, **tasks: ObservedTask) -> list[str]:
    run = ObservedRun(
        RunKey("default", "etl-1"), "uid", NOON, chain("a", "b"), tasks=tasks, log=log
    )
    return list(summary(run, StateFolder(folder), at(9)))


def test_success_is_one_line(tmp_path: Path) -> None:
    """There is nothing to look into."""
    log = RunLog(succeeded=True, reason=Reason.SUCCEEDED, finished=at(3), counts=Counts(total=2))

    assert ["run etl-1 succeeded in 3.0s; 2 tasks"] == told(tmp_path, log)


def test_results_of_earlier_runs_are_counted(tmp_path: Path) -> None:
    """Whoever waited for a minute wants to know why it was a second."""
    log = RunLog(succeeded=True, reason=Reason.SUCCEEDED, finished=at(3), counts=Counts(total=2))
    a, b = ended(Outcome.SUCCEEDED, Reason.FROM_CACHE), ended(Outcome.SUCCEEDED)

    want = "run etl-1 succeeded in 3.0s; 2 tasks, 1 from the cache"
    assert [want] == told(tmp_path, log, a=ObservedTask(a), b=ObservedTask(b))


def test_a_failure_comes_with_its_log(tmp_path: Path) -> None:
    """Reason, path and the last lines; the run's own end comes last, where people look."""
    log = StateFolder(tmp_path).attempt("etl-1", "a", 1).log
    log.parent.mkdir(parents=True)
    log.write_text("".join(f"line {number}\n" for number in range(30)))
    over = RunLog(succeeded=False, reason=Reason.FAILED, message="1 failed (a)", finished=at(3))

    lines = told(tmp_path, over, a=ObservedTask(ended(Outcome.FAILED, message="no rows")))

    assert ["a failed: Failed: no rows", f"  log: {log}"] == lines[:2]
    assert [f"  | line {number}" for number in range(20, 30)] == lines[2:12]
    assert ["run etl-1 failed after 3.0s: 1 failed (a)"] == lines[12:]


def test_one_task_is_one_task(tmp_path: Path) -> None:
    """A number and its noun fit together."""
    log = RunLog(succeeded=True, reason=Reason.SUCCEEDED, finished=at(3), counts=Counts(total=1))

    assert ["run etl-1 succeeded in 3.0s; 1 task"] == told(tmp_path, log)


def test_a_cancelled_run_is_told_in_the_words_of_this_program(tmp_path: Path) -> None:
    """Nobody at a terminal has set a field."""
    message = "desiredState is Cancel; 1 cancelled (a)"
    log = RunLog(succeeded=False, reason=Reason.CANCELLED, message=message, finished=at(3))

    want = "run etl-1 was cancelled after 3.0s: you cancelled it; 1 cancelled (a)"
    assert [want] == told(tmp_path, log)


def test_many_failures_are_told_in_short(tmp_path: Path) -> None:
    """The ends of five logs fill a screen, those without a line do not count; then paths do."""
    folder = StateFolder(tmp_path)
    bad = {f"t{number}": ObservedTask(ended(Outcome.FAILED)) for number in range(9)}
    for name in bad:
        folder.run("etl-1").joinpath(name).mkdir(parents=True)
        folder.attempt("etl-1", name, 1).log.write_text("oops\n")
    run = ObservedRun(
        RunKey("default", "etl-1"),
        "uid",
        NOON,
        workflow(*(task(name) for name in bad)),
        tasks=bad,
        log=RunLog(succeeded=False, reason=Reason.FAILED, finished=at(3)),
    )

    silent = ("t0", "t2", "t4")
    for name in silent:
        folder.attempt("etl-1", name, 1).log.write_text("")

    lines = list(summary(run, folder, at(9)))

    assert (5, 9) == (lines.count("  | oops"), sum(line.startswith("  log: ") for line in lines))


@pytest.mark.parametrize(
    ("reason", "want"),
    [
        pytest.param(Reason.CANCELLED, "was cancelled", id="somebody ended it"),
        pytest.param(Reason.RUN_TIMEOUT, "ran out of time", id="the time of the run was over"),
        pytest.param(Reason.FAILED, "failed", id="a task failed"),
    ],
)
def test_how_it_ended(tmp_path: Path, reason: Reason, want: str) -> None:
    """A run that somebody ended is not called a failure."""
    log = RunLog(succeeded=False, reason=reason, message="why", finished=at(3))

    assert [f"run etl-1 {want} after 3.0s: why"] == told(tmp_path, log)


def test_a_run_that_was_broken_off(tmp_path: Path) -> None:
    """It is said how to go on with it."""
    lines = told(tmp_path, RunLog(started=NOON))

    assert ["run etl-1 was interrupted after 9.0s; --resume continues it"] == lines


@pytest.mark.parametrize(
    ("written", "want"),
    [
        pytest.param(b"", [], id="nothing"),
        pytest.param(b"a\nb\nc\n", ["b", "c"], id="the last lines"),
        pytest.param(b"a\nb", ["a", "b"], id="a line without an end"),
        pytest.param(b"\x1b[31mred\x1b[0m\n", ["red"], id="colours"),
        pytest.param(b"\x1b]0;title\x07a\x08\n", ["a"], id="what would move the cursor"),
        pytest.param(b"\xff\n", ["\ufffd"], id="not UTF-8"),
        pytest.param(b"x" * 100_000, ["x" * 16_384], id="a line without end"),
    ],
)
def test_the_end_of_a_log(tmp_path: Path, written: bytes, want: list[str]) -> None:
    """Text that does nothing to a terminal, and not too much of it."""
    log = tmp_path / "log"
    log.write_bytes(written)

    assert want == tail(log, 2)


def test_a_log_that_is_not_there(tmp_path: Path) -> None:
    """An attempt that never started has none."""
    assert [] == tail(tmp_path / "log", 2)
