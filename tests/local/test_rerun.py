"""`headrace rerun`: a run of this machine is repeated, and what succeeded is taken over."""

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.outcome import Outcome
from headrace.local.store import Store
from support.local_run import HOLD, Bench, kill_runner, sh, until

ITEM = 'echo "$HEADRACE_INDEX" >> items\n'
"""Shell: note that an item runs."""
FAILS_ONCE = "test -e mended"


def mended(bench: Bench) -> None:
    """Mend what was wrong."""
    (bench.folder / "mended").touch()


def failed(bench: Bench, *tasks: dict[str, object], **spec: object) -> str:
    """Return the name of a run of these tasks that failed."""
    bench.write(*tasks, **spec)  # type: ignore[arg-type] # fields of a manifest
    assert 1 == bench.run().code
    return bench.last_run


def test_only_the_failed_task_and_what_waits_for_it_run_again(bench: Bench) -> None:
    """Expressions read the outputs of the task that was taken over."""
    reads = [{"name": "ROWS", "value": "${{ tasks.a.outputs.rows }}"}]
    first = failed(
        bench,
        sh("a", 'echo \'{"rows": 3}\' > "$HEADRACE_OUTPUTS"'),
        sh("b", FAILS_ONCE, dependsOn=["a"]),
        sh("c", 'echo "rows $ROWS" > c.out', dependsOn=["b"], env=reads),
        last=[sh("tidy")],
    )
    mended(bench)
    done = bench.rerun(first)
    assert (0, "") == (done.code, done.err)
    assert f"run {first} did the work" in done.out
    assert ([1], [1, 1], [1], [1, 1]) == tuple(map(bench.ran, ("a", "b", "c", "tidy")))
    assert "rows 3\n" == (bench.folder / "c.out").read_text()
    log = bench.log_of("a")
    assert (Outcome.SUCCEEDED, Reason.TAKEN_OVER, first) == (
        *(log.outcome, log.reason),
        log.taken_over_from,
    )


def test_a_rerun_stands_for_the_instant_and_the_parameters_of_the_run(bench: Bench) -> None:
    """Each parameter can be given anew."""
    show = 'echo "$HEADRACE_LOGICAL_TIME $HEADRACE_PARAMS" >> shown\n'
    bench.write(
        sh("a", show + FAILS_ONCE),
        params=[{"name": "day", "type": "String"}, {"name": "size", "default": "s"}],
    )
    assert 1 == bench.run("--param", "day=monday", "--logical-time", "2030-01-31T02:30:00Z").code
    mended(bench)
    assert 0 == bench.rerun(bench.last_run, "--param", "size=xl").code
    shown = (bench.folder / "shown").read_text().splitlines()
    assert shown == [
        '2030-01-31T02:30:00Z {"day": "monday", "size": "s"}',
        '2030-01-31T02:30:00Z {"day": "monday", "size": "xl"}',
    ]


def test_a_named_task_of_a_run_that_succeeded(bench: Bench) -> None:
    """With all that waits for it, or only that."""
    bench.write(sh("a"), sh("b", dependsOn=["a"]), sh("all", dependsOn=["b"]))
    assert 0 == bench.run().code
    first = bench.last_run
    assert 0 == bench.rerun(first, "--task", "b").code
    assert ([1], [1, 1], [1, 1]) == tuple(map(bench.ran, ("a", "b", "all")))
    assert 0 == bench.rerun(first, "--task", "b", "--downstream-only").code
    assert ([1], [1, 1], [1, 1, 1]) == tuple(map(bench.ran, ("a", "b", "all")))
    assert 0 == bench.rerun(first, "--from", "task", "--task", "all").code
    assert ([1], [1, 1], [1] * 4) == tuple(map(bench.ran, ("a", "b", "all")))
    assert 0 == bench.rerun(first, "--from", "all").code
    assert [1, 1] == bench.ran("a")


def test_only_items_that_failed_run_again(bench: Bench) -> None:
    """The outputs of the others stay in their places."""
    write = 'printf \'{"n": %s}\' "$HEADRACE_INDEX" > "$HEADRACE_OUTPUTS"\n'
    each = sh("each", f'{ITEM}{write}test -e mended || test "$HEADRACE_INDEX" != 1')
    first = failed(bench, {**each, "forEach": {"range": {"count": 3}, "maxParallel": 1}})
    mended(bench)
    assert 0 == bench.rerun(first).code
    assert ["0", "1", "2", "1"] == (bench.folder / "items").read_text().split()
    log = bench.log_of("each")
    assert log.outputs is not None
    assert [{"n": 0}, {"n": 1}, {"n": 2}] == log.outputs["items"]
    assert log.items is not None
    assert "0,2" == str(log.items.taken_over)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(("RUN", "--print"), "--print: is for runs of a cluster", id="no manifest"),
        pytest.param(("RUN", "--file", "x"), "without --latest", id="a file without a need"),
        pytest.param(("RUN", "--task", "bb"), "did you mean 'b'?", id="no such task"),
        pytest.param(("RUN", "--downstream-only"), "needs --task NAME", id="no task is named"),
        pytest.param(
            *(("RUN", "--param", "x=1"), "has no parameter 'x'"), id="a parameter that is none"
        ),
        pytest.param(
            ("RUN", "--task", "b", "--downstream-only"), "did not succeed", id="a failed task"
        ),
    ],
)
def test_a_rerun_that_cannot_be_makes_no_run(
    bench: Bench, arguments: tuple[str, ...], words: str
) -> None:
    """One sentence, and exit code 2."""
    first = failed(bench, sh("a"), sh("b", FAILS_ONCE))
    run, *others = (first if each == "RUN" else each for each in arguments)
    done = bench.rerun(run, *others)
    assert (2, "") == (done.code, done.out)
    assert words in done.err
    assert first == bench.last_run


def test_a_run_that_does_not_exist(bench: Bench) -> None:
    """The nearest name is told, as over a cluster."""
    first = failed(bench, sh("a", "exit 1"))
    done = bench.rerun(first[:-1])
    assert (3, "") == (done.code, done.out)
    assert f"did you mean {first!r}?" in done.err


def test_the_latest_definition_is_that_of_the_file_beside_the_run(bench: Bench) -> None:
    """Without --latest, a changed file changes nothing."""
    first = failed(bench, sh("a"), sh("b", "exit 1", dependsOn=["a"]))
    (bench.folder / "notes.yaml").write_text("- no: manifest")
    (bench.folder / "broken.yaml").write_text("{")
    bench.write(sh("a"), sh("b", dependsOn=["a"]), sh("c", dependsOn=["b"]))
    assert 1 == bench.rerun(first).code
    done = bench.rerun(first, "--latest")
    assert (0, f"the definition of etl is that of {bench.folder / 'workflow.yaml'}\n") == (
        done.code,
        done.err,
    )
    assert ([1], [1, 1, 1], [1]) == tuple(map(bench.ran, ("a", "b", "c")))


def test_the_latest_definition_must_be_in_one_file(bench: Bench) -> None:
    """Whoever moved it names it."""
    first = failed(bench, sh("a", "exit 1"))
    bench.write(sh("a"))
    (bench.folder / "copy.yaml").write_text((bench.folder / "workflow.yaml").read_text())
    done = bench.rerun(first, "--latest")
    assert (2, first) == (done.code, bench.last_run)
    assert f"--latest: 2 files have the workflow etl in {bench.folder}; name its" in done.err
    assert 0 == bench.rerun(first, "--latest", "--file", "copy.yaml").code
    (bench.folder / "copy.yaml").unlink()
    (bench.folder / "workflow.yaml").unlink()
    assert "no file has the workflow etl" in bench.rerun(first, "--latest").err


def test_a_killed_rerun_goes_on_and_takes_nothing_over_twice(bench: Bench) -> None:
    """`headrace run --resume` continues it like any run."""
    first = failed(bench, sh("a"), sh("b", f"{FAILS_ONCE} || exit 1\n{HOLD}", dependsOn=["a"]))
    mended(bench)
    runner = bench.start_rerun(first)
    until(lambda: bench.ran("b") == [1, 1])
    kill_runner(runner)
    bench.let_go("b")
    assert 0 == bench.run("--resume").code
    assert ([1], [1, 1]) == (bench.ran("a"), bench.ran("b"))
    assert Reason.TAKEN_OVER is bench.log_of("a").reason


def test_the_earlier_run_is_kept_while_a_rerun_needs_it(bench: Bench) -> None:
    """Whatever `history` says."""
    first = failed(
        bench, sh("a"), sh("b", FAILS_ONCE), history={"failedRuns": 0, "successfulRuns": 0}
    )
    with Store(bench.state.database) as store:
        assert store.has_run(first)
    mended(bench)
    assert 0 == bench.rerun(first).code
    with Store(bench.state.database) as store:
        assert not store.has_run(first)
        (rest,) = store.finished_runs("etl")
    assert bench.last_run == rest.name
