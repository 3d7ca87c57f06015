"""Runs of this machine, steered and answered from another process."""

import json
from pathlib import Path

import pytest

from headrace.api.v1alpha1.reasons import Reason
from support.local_run import HOLD, Bench, said, sh, until
from support.window import Shown, command


def steer(bench: Bench, *words: str) -> Shown:
    return command(*words, "--state", str(bench.folder / ".headrace"))


def name(bench: Bench) -> str:
    """Return the name of the newest run."""
    listed = steer(bench, "list", "-o", "name").lines
    return listed[0].partition("/")[2] if listed else ""


def waiting(bench: Bench) -> list[str]:
    """Return the tasks that wait for an answer."""
    listed = json.loads(steer(bench, "list", "approvals", "-o", "json").out)
    return [
        item["spec"]["task"]
        for item in listed["items"]
        if item["status"]["conditions"][0]["status"] == "Unknown"
    ]


def test_a_paused_run_starts_nothing_until_it_is_resumed(bench: Bench) -> None:
    """The runner hears it within a second, and says so."""
    bench.write(sh("a", HOLD), sh("b", dependsOn=["a"]))
    runner = bench.start("--plain")
    until(lambda: bench.ran("a"))
    run = name(bench)
    assert (0, "") == (steer(bench, "pause", run).code, steer(bench, "list").err)
    until(lambda: "somebody wants: Pause" in said(runner))
    bench.let_go("a")
    until(lambda: "Paused" in steer(bench, "list").out)
    assert [] == bench.ran("b")
    assert 0 == steer(bench, "resume", run).code
    runner.communicate(timeout=60)
    assert (0, [1]) == (runner.returncode, bench.ran("b"))


@pytest.mark.parametrize(
    ("verb", "reason", "tidied"),
    [("cancel", Reason.CANCELLED, [1]), ("terminate", Reason.TERMINATED, [])],
)
def test_a_run_is_ended_from_outside(
    bench: Bench, verb: str, reason: Reason, tidied: list[int]
) -> None:
    """As by Ctrl-C at its terminal. It cannot be resumed after that."""
    bench.write(sh("a", HOLD), last=[sh("tidy")])
    runner = bench.start()
    until(lambda: bench.ran("a"))
    run = name(bench)
    assert 0 == steer(bench, verb, run).code
    runner.communicate(timeout=60)
    assert (1, reason, tidied) == (runner.returncode, bench.log_of("a").reason, bench.ran("tidy"))
    again = steer(bench, "resume", run)
    assert 2 == again.code
    assert again.err.startswith(f"run {run} has ended: ")


def test_a_wish_for_a_run_that_nobody_carries_on_is_kept(bench: Bench) -> None:
    """Whoever wrote it is told what to type. `headrace run --resume` follows it."""
    bench.write(sh("a", HOLD), sh("b", dependsOn=["a"]))
    runner = bench.start()
    until(lambda: bench.ran("a"))
    runner.kill()
    runner.communicate(timeout=60)
    run = name(bench)
    shown = steer(bench, "stop", run)
    assert f"no process carries run {run} on; headrace run --resume does\n" == shown.err
    assert "it can only become Cancel or Terminate" in steer(bench, "resume", run).err
    bench.let_go("a")
    assert 1 == bench.run("--resume").code
    assert [] == bench.ran("b")


def test_a_question_is_answered_from_another_terminal(bench: Bench) -> None:
    """The run goes on, and knows who answered."""
    ask = {"name": "ask", "approval": {"message": "Load?", "choices": ["all", "sample"]}}
    bench.write(ask, sh("hold", HOLD), sh("load", dependsOn=["ask"]))
    runner = bench.start()
    until(lambda: name(bench) and waiting(bench) == ["ask"])
    run = name(bench)
    for words, message in (
        (["approve", run], "say which answer: all, sample\n"),
        (["approve", run, "sampel"], "'sampel' is none of the choices; did you mean 'sample'?\n"),
    ):
        assert (2, message) == (steer(bench, *words).code, steer(bench, *words).err)
    assert 0 == steer(bench, "approve", run, "sample", "--comment", "half first").code
    until(lambda: bench.ran("load"))
    closed = steer(bench, "approve", run, "all", "--task", "ask")
    assert 2 == closed.code
    assert closed.err.startswith("the question of task ask is closed: the answer was sample")
    bench.let_go("hold")
    runner.communicate(timeout=60)
    assert 0 == runner.returncode


def test_there_is_no_kubectl_for_this_machine(bench: Bench) -> None:
    """Rather than a command that would steer another run of the same name."""
    bench.write(sh("a"))
    bench.run()
    shown = steer(bench, "pause", name(bench), "--print")
    assert (2, "kubectl reaches no runs of this machine; leave out --print\n") == (
        shown.code,
        shown.err,
    )


def test_a_broken_state_is_told(tmp_path: Path) -> None:
    """In one sentence."""
    shown = command("pause", "a", "--state", str(tmp_path))
    assert (5, 1) == (shown.code, len(shown.err.splitlines()))
