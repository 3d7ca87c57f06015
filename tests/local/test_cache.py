"""`headrace run` with tasks whose results later runs use."""

import sqlite3
from contextlib import closing

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.outcome import Outcome
from support.local_run import HOLD, Bench, kill_runner, sh, until

ROWS = 'echo "{\\"rows\\": $(wc -l < a.ran)}" > "$HEADRACE_OUTPUTS"\n'
"""Shell: give how often the task has run by now."""
READS = [{"name": "ROWS", "value": "${{ tasks.a.outputs.rows }}"}]
CACHED = {**sh("a", ROWS), "cache": {"key": "params.day"}}
READER = sh("b", 'echo "$ROWS" >> seen\n', dependsOn=["a"], env=READS)
PARAMS = [{"name": "day", "type": "String", "default": "monday"}]


def seen(bench: Bench) -> list[str]:
    """Return what the reader has seen, run by run."""
    return (bench.folder / "seen").read_text().split()


def test_a_second_run_has_the_result_of_the_first_one(bench: Bench) -> None:
    """Another key, another time, another program: the task runs."""
    bench.write(CACHED, READER, params=PARAMS)
    assert 0 == bench.run().code
    first = bench.last_run
    done = bench.run()
    assert (0, "") == (done.code, done.err)
    assert f"run {first} did the work at " in done.out
    assert "2 tasks, 1 from the cache" in done.out
    assert ([1], [1, 1], ["1", "1"]) == (bench.ran("a"), bench.ran("b"), seen(bench))
    log = bench.log_of("a")
    assert (Outcome.SUCCEEDED, Reason.FROM_CACHE, first) == (
        *(log.outcome, log.reason),
        log.taken_over_from,
    )
    assert 0 == bench.run("--param", "day=tuesday").code
    assert 0 == bench.run("--param", "day=tuesday").code
    bench.write({**CACHED, "env": [{"name": "NEW", "value": "x"}]}, READER, params=PARAMS)
    assert 0 == bench.run().code
    assert ["1", "1", "2", "2", "3"] == seen(bench)


def test_whoever_wants_the_work_done_says_so(bench: Bench) -> None:
    """Refresh leaves a result, off does not; each goes with the run when it is resumed."""
    bench.write(CACHED, READER, params=PARAMS)
    for words in ((), ("--cache", "refresh"), (), ("--cache", "off"), (), ("--cache", "use")):
        assert 0 == bench.run(*words).code
    assert ["1", "2", "2", "3", "2", "2"] == seen(bench)


def test_a_rerun_of_all_or_of_one_task_does_the_work_again(bench: Bench) -> None:
    """Unless it says otherwise; what was taken over is found by later runs too."""
    bench.write(CACHED, READER, sh("c", "test -e mended", dependsOn=["b"]), params=PARAMS)
    assert 1 == bench.run().code
    first = bench.last_run
    assert 1 == bench.rerun(first, "--from", "all").code
    assert 1 == bench.rerun(first, "--task", "a").code
    assert ["1", "2", "3"] == seen(bench)
    assert 1 == bench.rerun(first, "--from", "all", "--cache", "use").code
    assert ["1", "2", "3", "3"] == seen(bench)
    assert 1 == bench.rerun(first).code
    assert Reason.TAKEN_OVER is bench.log_of("a").reason
    assert 1 == bench.run().code
    assert Reason.FROM_CACHE is bench.log_of("a").reason
    assert [1, 1, 1] == bench.ran("a")


def test_the_age_of_a_result_counts(bench: Bench) -> None:
    """From the end of the program, whichever runs had the result since."""
    aged = {**CACHED, "cache": {"key": "params.day", "maxAgeSeconds": 3600}}
    bench.write(aged, READER, params=PARAMS)
    assert 0 == bench.run().code
    with closing(sqlite3.connect(bench.state.database, isolation_level=None)) as db:
        db.execute(
            "UPDATE task SET status ="
            " json_set(status, '$.attempts[0].finishTime', '2020-01-01T00:00:00Z')"
            " WHERE name = 'a'"
        )
    assert 0 == bench.run().code
    assert ["1", "2"] == seen(bench)


@pytest.mark.parametrize("kept", [0, 1])
def test_a_result_goes_with_the_history(bench: Bench, kept: int) -> None:
    """A run is removed with its tasks."""
    bench.write(CACHED, READER, params=PARAMS, history={"successfulRuns": kept})
    for _ in range(3):
        assert 0 == bench.run().code
    assert ["1", "1", "1"] == seen(bench)
    assert 0 == bench.run("--param", "day=tuesday").code
    assert 0 == bench.run("--param", "day=tuesday").code
    assert 0 == bench.run().code
    assert "3" == seen(bench)[-1]


def test_a_killed_runner_loses_no_result(bench: Bench) -> None:
    """The resumed run has the result that it had taken, and what comes after goes on."""
    bench.write(CACHED, sh("b", HOLD, dependsOn=["a"]), params=PARAMS)
    bench.let_go("b")
    assert 0 == bench.run().code
    (bench.folder / "b.go").unlink()
    runner = bench.start()
    until(lambda: len(bench.ran("b")) > 1)
    kill_runner(runner)
    bench.let_go("b")
    assert 0 == bench.run("--resume").code
    assert [1] == bench.ran("a")
    assert Reason.FROM_CACHE is bench.log_of("a").reason


def test_another_wish_than_that_of_the_run_is_refused(bench: Bench) -> None:
    """A resumed run keeps what it was told."""
    bench.write(CACHED, sh("b", HOLD, dependsOn=["a"]), params=PARAMS)
    runner = bench.start("--cache", "refresh")
    until(lambda: bench.ran("b"))
    kill_runner(runner)
    refused = bench.run("--resume", "--cache", "off")
    assert 2 == refused.code
    assert f"--cache: run {bench.last_run} keeps its own (refresh)" in refused.err
    bench.let_go("b")
    assert 0 == bench.run("--resume", "--cache", "refresh").code
