"""`headrace run` with tasks that call workflows: one process, resumed and ended together."""

import json
import signal
from typing import Any

import pytest

from headrace.local.store import Store
from support.local_run import HOLD, Bench, kill_runner, sh, until

OUTER = "outer.yaml"


def written(bench: Bench, *inner: Any, outer: Any = (), **fields: Any) -> None:
    """Write a workflow that calls another one, and the called one into a file of its own."""
    bench.write(*inner, name="inner", **fields)
    (bench.folder / "workflow.yaml").rename(bench.folder / "inner.yaml")
    bench.write({"name": "call", "workflow": {"name": "inner"}}, *outer)


def called(bench: Bench) -> str:
    """Return the name of the only run that was called."""
    with Store(bench.state.database) as store:
        runs = [path.name for path in (bench.state.root / "runs").iterdir()]
        (name,) = [name for name in runs if store.run(name).caller is not None]
        return name


def test_both_files_make_one_run(bench: Bench) -> None:
    """What is called has its own record; its outputs reach the tasks that follow."""
    count = sh("count", "echo '{\"rows\": 7}' > $HEADRACE_OUTPUTS")
    rows = {"env": [{"name": "ROWS", "value": "${{ tasks.call.outputs.rows }}"}]}
    after = sh("after", 'test "$ROWS" = 7', dependsOn=["call"], **rows)
    outputs = [{"name": "rows", "expression": "tasks.count.outputs.rows"}]
    written(bench, count, outer=(after,), outputs=outputs)
    done = bench.run("inner.yaml", "--plain")
    assert 0 == done.code, done.out
    assert "run etl-" in done.out
    with Store(bench.state.database) as store:
        inner = store.run(called(bench))
        assert {"rows": 7} == store.run_log(inner.key.name).outputs
        assert [] == store.unfinished("inner")
        assert [] == store.finished_runs("inner")


def test_a_workflow_that_is_not_given_is_an_error_before_anything_starts(bench: Bench) -> None:
    """The line names the task, and what to do."""
    written(bench, sh("a"))
    done = bench.run()
    assert 2 == done.code
    assert (
        "spec.tasks[0].workflow.name: there is no Workflow 'inner' in the given files" in done.err
    )
    assert not bench.state.root.exists()


def test_both_runs_are_resumed(bench: Bench) -> None:
    """Each task runs once, also if the file of the called workflow is gone by then."""
    written(bench, sh("a"), sh("b", HOLD, dependsOn=["a"]), sh("c", dependsOn=["b"]))
    runner = bench.start("inner.yaml")
    until(lambda: bench.ran("b"))
    kill_runner(runner)
    (bench.folder / "inner.yaml").unlink()
    resumed = bench.start("--resume")
    bench.let_go("b")
    out, _ = resumed.communicate(timeout=60)
    assert 0 == resumed.returncode, out
    assert ([1], [1], [1]) == (bench.ran("a"), bench.ran("b"), bench.ran("c"))


def test_a_signal_ends_both(bench: Bench) -> None:
    """The called run runs its `finally` tasks, and then the calling one ends."""
    written(bench, sh("a", HOLD), last=[sh("tidy")])
    runner = bench.start("inner.yaml")
    until(lambda: bench.ran("a"))
    runner.send_signal(signal.SIGINT)
    out, _ = runner.communicate(timeout=60)
    assert 1 == runner.returncode
    assert [1] == bench.ran("tidy")
    assert "was cancelled" in out


@pytest.mark.parametrize("slots", ["1", "2"])
def test_the_tasks_of_all_runs_share_the_slots(bench: Bench, slots: str) -> None:
    """A task that calls a workflow takes none: one slot is enough."""
    beside = sh("beside", dependsOn=[])
    written(bench, sh("a"), sh("b"), outer=(beside,))
    done = bench.run("inner.yaml", "--max-parallel", slots)
    assert 0 == done.code, done.out


def test_the_history_forgets_called_runs_with_their_callers(bench: Bench) -> None:
    """Files and rows."""
    written(bench, sh("a"))
    manifest = json.loads((bench.folder / "workflow.yaml").read_text())
    manifest["spec"]["history"] = {"successfulRuns": 1}
    (bench.folder / "workflow.yaml").write_text(json.dumps(manifest))
    for _ in range(3):
        assert 0 == bench.run("inner.yaml").code
    left = [path.name for path in (bench.state.root / "runs").iterdir()]
    assert 2 == len(left), left


def test_a_failure_is_shown_with_the_place_of_its_logs(bench: Bench) -> None:
    """In the folder of the called run."""
    written(bench, sh("a", "exit 3"))
    done = bench.run("inner.yaml")
    assert 1 == done.code
    name = called(bench)
    assert f"call failed: RunFailed: run {name} failed: a failed: NonZeroExit" in done.out
    assert f"logs of run {name}: .headrace/runs/{name}" in done.out
