"""`headrace run --resume`: nothing that succeeded runs again, and no attempt runs twice."""

import json
import os
import re
import signal
import subprocess
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.local.environments import CACHE
from support.local_run import HOLD, PROGRAM, Bench, kill_runner, said, sh, until


def chain(*scripts: str, **fields: Any) -> tuple[dict[str, Any], ...]:
    """Return tasks a, b, c, … each after the one before."""
    names = "abcdefgh"[: len(scripts)]
    return tuple(
        sh(name, script, **({"dependsOn": [names[place - 1]]} if place else {}), **fields)
        for place, (name, script) in enumerate(zip(names, scripts, strict=True))
    )


def ask() -> dict[str, Any]:
    """Return a task that asks."""
    return {"name": "ask", "approval": {"message": "go?"}}


def killed_while_b_runs(bench: Bench) -> None:
    """Kill the runner when a has succeeded and b runs."""
    runner = bench.start()
    until(lambda: bench.ran("b"))
    kill_runner(runner)


def test_a_task_that_still_runs_is_taken_over(bench: Bench) -> None:
    """The runner is killed, its task is not: the next runner waits for that task's own end."""
    bench.write(*chain("", HOLD, ""))
    killed_while_b_runs(bench)

    resumed = bench.start("--resume")
    first = said(resumed)
    until(lambda: "b  still runs (attempt 1)" in said(resumed))
    bench.let_go("b")
    out, _ = resumed.communicate(timeout=60)

    assert 0 == resumed.returncode
    assert f"run {bench.last_run} goes on: 1 of 3 tasks have ended; logs in .headrace" in first
    assert not re.search(r"^\S+  a ", out, re.MULTILINE), "the past is told as if it happened now"
    assert ([1], [1], [1]) == (bench.ran("a"), bench.ran("b"), bench.ran("c"))


def test_a_task_that_ended_meanwhile_is_not_run_again(bench: Bench) -> None:
    """Its exit code and outputs were written down although nobody waited for them."""
    bench.write(*chain("", f"{HOLD}echo '{{\"rows\": 3}}' > $HEADRACE_OUTPUTS", ""))
    killed_while_b_runs(bench)
    bench.let_go("b")
    until(bench.files("b").exit.exists)

    assert 0 == bench.run("--resume").code
    assert ([1], [1], [1]) == (bench.ran("a"), bench.ran("b"), bench.ran("c"))
    assert {"rows": 3} == bench.log_of("b").outputs


def test_a_task_that_was_killed_too_is_tried_again(bench: Bench) -> None:
    """As after a power failure: the attempt was interrupted, which uses up no retry of its own."""
    bench.write(*chain("", 'test "$HEADRACE_ATTEMPT" = 2 || exec sleep 600', "", retry=_AT_ONCE))
    killed_while_b_runs(bench)
    os.killpg(int(bench.files("b").lock.read_text()), signal.SIGKILL)

    assert 0 == bench.run("--resume").code
    assert ([1], [1, 2], [1]) == (bench.ran("a"), bench.ran("b"), bench.ran("c"))
    log = bench.log_of("b")
    assert (Reason.INTERRUPTED, 0, 1) == (
        log.attempts[0].reason,
        log.user_failures,
        log.infrastructure_failures,
    )


def test_a_program_that_lost_its_shell_does_not_run_beside_the_next(bench: Bench) -> None:
    """Somebody killed the runner and the shell over the task, not the task: it ends first."""
    script = 'test "$HEADRACE_ATTEMPT" = 2 && exit\necho $$ > pid\nexec sleep 600'
    bench.write(*chain("", script, retry=_AT_ONCE))
    killed_while_b_runs(bench)
    until((bench.folder / "pid").exists)
    os.kill(int(bench.files("b").lock.read_text()), signal.SIGKILL)

    assert 0 == bench.run("--resume").code
    assert [1, 2] == bench.ran("b")
    program = int((bench.folder / "pid").read_text())
    until(lambda: not Path(f"/proc/{program}").exists())


def test_time_limits_hold_over_a_kill(bench: Bench) -> None:
    """An attempt that was taken over is ended when its time is over, counted from its start."""
    bench.write(*chain("", "exec sleep 600", timeouts={"attemptSeconds": 1}))
    killed_while_b_runs(bench)

    assert 1 == bench.run("--resume").code
    assert Reason.ATTEMPT_TIMEOUT == bench.log_of("b").attempts[0].reason


def test_the_run_keeps_the_definition_that_it_began_with(bench: Bench) -> None:
    """A change of the file does not change a run under way, and it is said so."""
    bench.write(*chain("", HOLD))
    killed_while_b_runs(bench)
    bench.let_go("b")
    bench.write(*chain("", "", ""))

    result = bench.run("--resume")

    assert 0 == result.code
    assert "workflow.yaml has changed since run" in result.err
    assert [] == bench.ran("c")


def test_the_run_keeps_its_parameters(bench: Bench) -> None:
    """The same command goes on; one with other values is refused."""
    show = f'{HOLD}printf %s "$HEADRACE_PARAMS" > params'
    bench.write(*chain("", show), params=[{"name": "region"}])
    runner = bench.start("--param", "region=eu")
    until(lambda: bench.ran("b"))
    kill_runner(runner)
    bench.let_go("b")

    other = bench.run("--resume", "--param", "region=us")
    same = bench.run("--resume", "--param", "region=eu")

    assert (2, 0) == (other.code, same.code)
    assert "keeps its own values (region=eu)" in other.err
    assert {"region": "eu"} == json.loads((bench.folder / "params").read_text())


def test_two_runners_do_not_share_a_run(bench: Bench) -> None:
    """The second is refused, and told who has it."""
    bench.write(*chain("", HOLD))
    first = bench.start()
    until(lambda: bench.ran("b"))

    second = bench.run("--resume")

    assert 2 == second.code
    assert f"is held by process {first.pid}" in second.err
    bench.let_go("b")
    assert 0 == first.wait(timeout=60)


def test_a_run_that_crashed_is_found_behind_one_that_goes_on(bench: Bench) -> None:
    """A newer run has its runner: the one to go on with is the one that has none."""
    bench.write(*chain("", HOLD))
    killed_while_b_runs(bench)
    left = bench.last_run
    newer = bench.start()
    until(lambda: len(bench.ran("b")) == 2)

    resumed = bench.start("--resume")
    first = said(resumed)
    bench.let_go("b")

    assert [0, 0] == [resumed.wait(timeout=60), newer.wait(timeout=60)]
    assert f"run {left} goes on" in first


def test_a_run_that_goes_on_is_not_said_to_be_left_over(bench: Bench) -> None:
    """Whoever starts another one beside it learns which process has it."""
    bench.write(*chain("", HOLD))
    first = bench.start()
    until(lambda: bench.ran("b"))
    name = bench.last_run
    bench.let_go("b")
    os.kill(first.pid, signal.SIGSTOP)

    beside = bench.run()
    os.kill(first.pid, signal.SIGCONT)

    assert 0 == first.wait(timeout=60)
    assert f"run {name} is still running (process {first.pid})" in beside.err
    assert "--resume" not in beside.err


def test_a_broken_file_does_not_keep_a_run_from_going_on(bench: Bench) -> None:
    """The run keeps its definition: what is wrong with the file of today is no part of it."""
    bench.write(*chain("", HOLD))
    killed_while_b_runs(bench)
    bench.let_go("b")
    bench.write({"name": "a", "imag": "typo"})

    assert 2 == bench.run().code
    result = bench.run("--resume")

    assert 0 == result.code
    assert "workflow.yaml has changed since run" in result.err


def test_a_file_on_standard_input_is_read_once(bench: Bench) -> None:
    """It gives the workflow's name, and is compared with what the run keeps."""
    bench.write(*chain("", HOLD))
    killed_while_b_runs(bench)
    bench.let_go("b")

    with (bench.folder / "workflow.yaml").open() as file:
        done = subprocess.run(  # noqa: S603 - our own program
            [*PROGRAM, "-", "--runner", "process", "--resume"],
            cwd=bench.folder,
            stdin=file,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert (0, "") == (done.returncode, done.stderr)


def test_a_resume_in_the_wrong_folder_leaves_nothing_there(bench: Bench, tmp_path: Path) -> None:
    """An empty folder of state would look as if there had been runs."""
    bench.write(sh("a"))

    result = bench.run("--resume", "--state", "elsewhere")

    assert 2 == result.code
    assert "no run of etl in elsewhere is unfinished" in result.err
    assert not (tmp_path / "elsewhere").exists()


def test_a_finished_run_is_not_resumed(bench: Bench) -> None:
    """There is nothing to go on with; a new run is a matter of leaving the option out."""
    bench.write(sh("a"))

    assert [0, 2] == [bench.run().code, bench.run("--resume").code]
    assert [1] == bench.ran("a")


def test_an_unfinished_run_is_mentioned_when_a_new_one_begins(bench: Bench) -> None:
    """So that nobody forgets it; the new run has a name and files of its own."""
    bench.write(*chain("", HOLD))
    killed_while_b_runs(bench)
    bench.let_go("b")

    result = bench.run()

    assert 0 == result.code
    assert "is unfinished; --resume continues it" in result.err
    assert [1, 1] == bench.ran("a")


_AT_ONCE = {"backoff": {"seconds": 0}}


def test_what_a_task_runs_in_is_made_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody has emptied the cache, and changed the template: the run has what it began with."""
    cache = bench.folder / "cache"
    monkeypatch.setenv(CACHE, str(cache))
    template = {
        "apiVersion": "headrace.dev/v1alpha1",
        "kind": "TaskTemplate",
        "metadata": {"name": "greet.v1"},
        "spec": {"image": "none", "local": {"program": "greet.py", "requirements": "list.txt"}},
    }
    (bench.folder / "template.yaml").write_text(json.dumps(template))
    (bench.folder / "list.txt").write_text("# no packages\n")
    (bench.folder / "greet.py").write_text("import sys; print(sys.prefix)")
    bench.write(ask(), {"name": "greet", "uses": "greet@v1", "dependsOn": ["ask"]})
    assert 1 == bench.run("template.yaml").code
    (made,) = (cache / "environments").glob("*/complete")

    rmtree(cache)
    (bench.folder / "list.txt").write_text("# another list\n")
    resumed = bench.run("template.yaml", "--resume", "--approve", "ask=approve")
    assert 0 == resumed.code, resumed.err
    assert "making the environment of greet@v1" in resumed.err
    assert f"{made.parent}\n" == bench.files("greet").log.read_text()
