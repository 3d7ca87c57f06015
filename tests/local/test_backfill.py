"""`headrace backfill FILE`: a workflow for a stretch of the past, on this machine."""

import signal
import subprocess
from collections import Counter
from contextlib import chdir
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from headrace.cli.main import main as program
from headrace.local.store import Store
from support.local_run import PATIENCE_SECONDS, Bench, kill_runner, sh, until

NIGHTLY = [{"schedule": {"cron": "30 2 * * *", "timeZone": "Europe/Berlin"}}]
SPAN = ("--from", "2026-01-01T00:00:00Z", "--to", "2026-01-04T12:00:00Z")
NOTE = 'echo "$HEADRACE_RUN" >> nights\n'
"""Shell: note that a run does its work."""
HOLD = "while [ ! -e go ]; do sleep 0.02; done\n"
FAILS = 'case "$HEADRACE_LOGICAL_TIME" in 2026-01-02*) test -e mended;; esac\n'


def night(day: int) -> str:
    """Return the name of the run of a night of January 2026."""
    return f"etl-{int(datetime(2026, 1, day, 1, 30, tzinfo=UTC).timestamp()) // 60}"


FOUR = Counter(map(night, range(1, 5)))


def worked(bench: Bench) -> Counter[str]:
    """Return how often the program of each run did its work."""
    file = bench.folder / "nights"
    return Counter(file.read_text().split() if file.exists() else ())


def pause(runner: subprocess.Popen[str]) -> None:
    """Press Ctrl-C, and wait until it was heard."""
    runner.send_signal(signal.SIGINT)
    assert runner.stdout is not None
    assert any("pausing:" in line for line in iter(runner.stdout.readline, ""))


def names(bench: Bench) -> set[str]:
    """Return the names of the runs that are stored."""
    with Store(bench.state.database) as store:
        return {run.name for run in store.finished_runs("etl")} | set(store.unfinished("etl"))


def test_each_logical_time_has_a_run_named_like_its_tick(bench: Bench) -> None:
    """One after the other; the same command again does nothing."""
    bench.write(sh("a", NOTE), triggers=NIGHTLY)
    done = bench.backfill(*SPAN)
    assert (0, FOUR, set(FOUR)) == (done.code, worked(bench), names(bench))
    assert "backfill of etl, 4 logical times: 4 done" in done.out
    with Store(bench.state.database) as store:
        assert datetime(2026, 1, 2, 1, 30, tzinfo=UTC) == store.run(night(2)).logical_time
    again = bench.backfill(*SPAN)
    assert (0, "backfill of etl, 4 logical times: 4 done\n") == (again.code, again.out)
    assert FOUR == worked(bench)


def test_several_runs_at_a_time(bench: Bench) -> None:
    """As many as somebody allows."""
    bench.write(sh("a", NOTE + HOLD), triggers=NIGHTLY)
    runner = bench.start_backfill(*SPAN, "--max-active", "3")
    until(lambda: worked(bench).total() == 3)
    (bench.folder / "go").touch()
    assert 0 == runner.wait(PATIENCE_SECONDS)
    assert FOUR == worked(bench)


def test_a_dry_run_creates_nothing(bench: Bench) -> None:
    """Not even the folder of state. With -o name, it is a list for scripts."""
    bench.write(sh("a", NOTE), triggers=NIGHTLY)
    done = bench.backfill(*SPAN, "--dry-run", "--order", "newest-first", "-o", "name")
    assert (0, [night(day) for day in (4, 3, 2, 1)]) == (done.code, done.out.splitlines())
    assert not bench.state.root.exists()
    assert 0 == bench.backfill(*SPAN).code
    assert "" == bench.backfill(*SPAN, "--dry-run", "-o", "name").out


def test_a_pause_lets_the_active_run_end_and_the_same_command_goes_on(bench: Bench) -> None:
    """The first Ctrl-C pauses."""
    bench.write(sh("a", NOTE + HOLD), triggers=NIGHTLY)
    runner = bench.start_backfill(*SPAN)
    until(lambda: worked(bench).total() == 1)
    pause(runner)
    (bench.folder / "go").touch()
    said, _ = runner.communicate(timeout=PATIENCE_SECONDS)
    assert (1, {night(1)}) == (runner.returncode, names(bench))
    assert "backfill of etl, 4 logical times: 1 done, 3 left\n" in said
    assert 0 == bench.backfill(*SPAN).code
    assert FOUR == worked(bench)


@pytest.mark.parametrize("most", ["1", "2"])
def test_a_killed_backfill_goes_on_and_does_no_tick_twice(bench: Bench, most: str) -> None:
    """Its programs go on meanwhile, and are taken over."""
    bench.write(sh("a", NOTE + HOLD), triggers=NIGHTLY)
    runner = bench.start_backfill(*SPAN, "--max-active", most)
    until(lambda: worked(bench).total() == int(most))
    kill_runner(runner)
    (bench.folder / "go").touch()
    assert 0 == bench.backfill(*SPAN, "--max-active", most).code
    assert (FOUR, set(FOUR)) == (worked(bench), names(bench))


def test_two_signals_kill_what_runs_and_the_same_command_repeats_only_that(bench: Bench) -> None:
    """The run that was killed goes on under its name."""
    bench.write(sh("a", NOTE + HOLD, retry={"limit": 1}), triggers=NIGHTLY)
    runner = bench.start_backfill(*SPAN)
    until(lambda: worked(bench).total() == 1)
    pause(runner)
    runner.send_signal(signal.SIGINT)
    assert 1 == runner.wait(PATIENCE_SECONDS)
    (bench.folder / "go").touch()
    assert 0 == bench.backfill(*SPAN).code
    assert (FOUR + Counter([night(1)]), set(FOUR)) == (worked(bench), names(bench))


def test_what_failed_is_repeated_once_and_what_succeeded_never(bench: Bench) -> None:
    """By the same command with another word. The record knows what the history has removed."""
    history = {"successfulRuns": 0, "failedRuns": 1}
    bench.write(sh("a", NOTE), sh("b", FAILS, dependsOn=["a"]), triggers=NIGHTLY, history=history)
    done = bench.backfill(*SPAN)
    assert (1, FOUR) == (done.code, worked(bench))
    assert f"1 did not succeed ({night(2)}); --existing rerun-failed repeats them" in done.out
    assert 1 == bench.backfill(*SPAN).code
    assert {night(2)} == names(bench)
    assert 1 == bench.backfill(*SPAN, "--existing", "rerun-failed").code
    (bench.folder / "mended").touch()
    mended = bench.backfill(*SPAN, "--existing", "rerun-failed")
    assert (0, FOUR) == (mended.code, worked(bench))
    assert "backfill of etl, 4 logical times: 4 done" in mended.out
    assert 0 == bench.backfill(*SPAN, "--existing", "rerun-failed").code
    assert FOUR == worked(bench)


def test_a_run_of_somebody_else_is_skipped(bench: Bench) -> None:
    """Another workflow has the name of a night."""
    bench.write(sh("a"), triggers=NIGHTLY)
    assert 0 == bench.backfill(*SPAN[:2], "--to", "2026-01-01T12:00:00Z").code
    with Store(bench.state.database) as store:
        store._db.execute("UPDATE run SET workflow = 'other'")  # noqa: SLF001 - as another file would
    done = bench.backfill(*SPAN)
    assert (0, True) == (done.code, "3 done, 1 skipped" in done.out)


def test_two_processes_do_not_backfill_one_workflow(bench: Bench) -> None:
    """The second one says whom to wait for."""
    bench.write(sh("a", NOTE + HOLD), triggers=NIGHTLY)
    runner = bench.start_backfill(*SPAN)
    until(lambda: worked(bench).total() == 1)
    other = bench.backfill(*SPAN)
    assert (2, "") == (other.code, other.out)
    assert f"process {runner.pid} backfills workflow etl already" in other.err
    kill_runner(runner)
    (bench.folder / "go").touch()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param(SPAN, "spec.step: it is Schedule, and workflow etl has no", id="no schedule"),
        pytest.param(("--from", "noon", *SPAN[2:]), "'noon' is no instant", id="no instant"),
        pytest.param(
            ("--from", SPAN[3], "--to", SPAN[1]), "--from: it is not after --to", id="backwards"
        ),
        pytest.param((*SPAN, "--step", "week"), "'week' is none of schedule, day", id="no step"),
        pytest.param((*SPAN, "--step", "5"), "stepSeconds", id="a step of a few seconds"),
        pytest.param(
            (*SPAN, "--time-zone", "Europe/Berlin"), "--time-zone: has no meaning", id="a zone"
        ),
        pytest.param((*SPAN, "--priority", "1"), "--priority: is for a Backfill", id="priority"),
        pytest.param((*SPAN, "--step", "day", "--param", "x=1"), "no parameter 'x'", id="params"),
    ],
)
def test_a_backfill_that_cannot_be_starts_nothing(
    bench: Bench, words: tuple[str, ...], message: str
) -> None:
    """One sentence, and exit code 2."""
    bench.write(sh("a", NOTE))
    done = bench.backfill(*words)
    assert (2, "", False) == (done.code, done.out, bench.state.root.exists())
    assert message in done.err


def test_questions_are_answered_ahead_and_waits_left_out(bench: Bench) -> None:
    """As for one run: the answer counts for each logical time."""
    bench.write(
        {"name": "pause", "wait": {"seconds": 3600}},
        {"name": "ask", "approval": {"message": "Load it?"}, "dependsOn": ["pause"]},
        sh("a", NOTE, dependsOn=["ask"]),
        triggers=NIGHTLY,
    )
    done = bench.backfill(*SPAN, "--no-wait", "--approve", "ask=approve", "--max-active", "4")
    assert (0, FOUR) == (done.code, worked(bench))


def test_a_question_without_an_answer_says_how_to_give_one(bench: Bench) -> None:
    """It is told once, and the backfill goes on when somebody has typed it."""
    asks = {"name": "ask", "approval": {"message": "Load it?"}}
    bench.write(asks, sh("a", NOTE, dependsOn=["ask"]), triggers=NIGHTLY)
    runner = bench.start_backfill(*SPAN[:2], "--to", "2026-01-01T12:00:00Z")
    assert runner.stdout is not None
    advice = next(line for line in iter(runner.stdout.readline, "") if "asks" in line)
    words = f"headrace approve {night(1)} approve --task ask --local"
    assert advice.endswith(f"{night(1)}  ask asks: Load it?; answer it with {words}\n")
    with chdir(bench.folder):
        assert 0 == CliRunner().invoke(program, words.split()[1:]).exit_code
    said, _ = runner.communicate(timeout=PATIENCE_SECONDS)
    assert (0, False) == (runner.returncode, "asks" in said)
    assert Counter([night(1)]) == worked(bench)


def test_an_answer_that_nobody_asks_for_is_refused(bench: Bench) -> None:
    """Nothing starts."""
    bench.write(sh("a", NOTE), triggers=NIGHTLY)
    done = bench.backfill(*SPAN, "--approve", "a=yes")
    assert "--approve a=yes: task 'a' asks nobody; leave it out" in done.err
    assert not bench.state.root.exists()
