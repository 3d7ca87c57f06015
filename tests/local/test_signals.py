"""Ctrl-C and its relatives: a graceful end first, an end at once when asked again."""

import asyncio
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.local.store import Store
from headrace.local.world import LocalWorld
from support.local_run import HOLD, Bench, said, sh, until

POLITE = "trap 'echo ended > note; exit 1' TERM\necho ready > ready\nwhile :; do sleep 0.02; done"
HESITANT = (
    "trap 'while [ ! -e a.go ]; do sleep 0.02; done; exit 1' TERM\n"
    "echo ready > ready\nwhile :; do sleep 0.02; done"
)
STUBBORN = "trap '' TERM\necho ready > ready\nwhile :; do sleep 0.02; done"


SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def started(bench: Bench, script: str) -> subprocess.Popen[str]:
    """Return a runner whose first task is ready for what comes."""
    bench.write(sh("a", script), sh("b", dependsOn=["a"]), last=[sh("tidy")])
    runner = bench.start()
    until((bench.folder / "ready").exists)
    return runner


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_cancels_the_run(bench: Bench, number: signal.Signals) -> None:
    """Running tasks may tidy up, `finally` tasks run, nothing else starts, nothing is left."""
    runner = started(bench, POLITE)
    runner.send_signal(number)
    out, _ = runner.communicate(timeout=60)

    assert 1 == runner.returncode
    assert "ended\n" == (bench.folder / "note").read_text()
    assert ([1], [], [1]) == (bench.ran("a"), bench.ran("b"), bench.ran("tidy"))
    assert Reason.CANCELLED == bench.log_of("a").reason
    assert "was cancelled" in out
    assert not running(bench)


def test_a_second_signal_kills_what_runs(bench: Bench) -> None:
    """No task, however stubborn, keeps somebody at the terminal; the rest can be resumed."""
    runner = started(bench, STUBBORN)
    runner.send_signal(signal.SIGINT)
    until(lambda: "cancelling" in said(runner))
    runner.send_signal(signal.SIGINT)
    out, _ = runner.communicate(timeout=60)

    assert 1 == runner.returncode
    assert "--resume" in out
    assert not running(bench)
    assert [] == bench.ran("tidy")

    assert 1 == bench.run("--resume").code
    assert ([1], [], [1]) == (bench.ran("a"), bench.ran("b"), bench.ran("tidy"))


def test_a_signal_that_asks_for_a_core_kills_at_once(bench: Bench) -> None:
    r"""Ctrl-\, when nothing else seems to help: no task is left running."""
    runner = started(bench, STUBBORN)
    runner.send_signal(signal.SIGQUIT)
    out, _ = runner.communicate(timeout=60)

    assert 1 == runner.returncode
    assert "killing all tasks now" in out
    assert not running(bench)
    assert [] == bench.ran("tidy")


def test_a_signal_while_it_clears_away_changes_nothing(bench: Bench) -> None:
    """Somebody who goes on pressing keys gets no other end: all is being killed already."""
    bench.write(sh("a"))
    child = os.fork()
    if child == 0:
        clear = LocalWorld.clear

        async def disturbed(world: LocalWorld) -> None:
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.sleep(0)
            await clear(world)

        LocalWorld.clear = disturbed  # type: ignore[method-assign]
        os._exit(bench.run().code)
    _, status = os.waitpid(child, 0)

    assert 0 == os.waitstatus_to_exitcode(status)


def test_a_task_that_is_being_ended_has_not_ended(bench: Bench) -> None:
    """It is said that it is given time, and that it ended once it has."""
    runner = started(bench, HESITANT)
    runner.send_signal(signal.SIGINT)
    until(lambda: "a     Cancelled: ending, killed in at most 10s" in said(runner))
    bench.let_go("a")
    out, _ = runner.communicate(timeout=60)

    assert re.search(r"a     was ended after \S+: Cancelled: you cancelled it$", out, re.MULTILINE)


def test_a_cancelled_run_goes_on_being_cancelled(bench: Bench) -> None:
    """A runner that was killed while it cancelled finds the wish, and does no work again."""
    runner = started(bench, HESITANT)
    runner.send_signal(signal.SIGTERM)
    with Store(bench.state.database) as store:
        until(lambda: store.run(bench.last_run).desired == "Cancel")
    runner.kill()
    runner.wait()
    bench.let_go("a")

    result = bench.run("--resume")

    assert 1 == result.code
    assert "is still being cancelled" in result.err
    assert ([1], [], [1]) == (bench.ran("a"), bench.ran("b"), bench.ran("tidy"))
    assert not running(bench)


def test_a_signal_in_a_resumed_run_that_is_cancelled_ends_its_last_tasks(bench: Bench) -> None:
    """A `finally` task that hangs keeps no run from its end: nothing of it is left to resume."""
    bench.write(sh("a"), last=[sh("tidy", HOLD), sh("tell")])
    runner = bench.start()
    until(lambda: bench.ran("tidy"))
    runner.send_signal(signal.SIGINT)
    until(lambda: "cancelling" in said(runner))
    runner.send_signal(signal.SIGINT)
    runner.communicate(timeout=60)

    resumed = bench.start("--resume")
    until(lambda: [1, 2] == bench.ran("tidy"))
    resumed.send_signal(signal.SIGINT)
    out, _ = resumed.communicate(timeout=60)

    assert 1 == resumed.returncode
    assert "ending the run with its `finally` tasks" in out
    assert "was ended after" in out
    assert Reason.TERMINATED == bench.log_of("tidy").reason
    assert not running(bench)
    assert "is unfinished; leave --resume out" in bench.run("--resume").err


def test_a_runner_without_a_terminal_survives_its_end(bench: Bench) -> None:
    """Under nohup the shell has switched SIGHUP off, and it stays off."""
    bench.write(sh("a", HOLD))
    runner = subprocess.Popen(  # noqa: S603 - our own program
        ["/usr/bin/nohup", *bench.command()], cwd=bench.folder, stdout=subprocess.DEVNULL
    )
    until(lambda: bench.ran("a"))
    runner.send_signal(signal.SIGHUP)
    bench.let_go("a")

    assert 0 == runner.wait(timeout=60)


def running(bench: Bench) -> list[int]:
    """Return the processes that belong to a run in the bench's folder."""
    mark = f"HEADRACE_OUTPUTS={bench.state.root}".encode()
    return [
        int(path.parent.name)
        for path in Path("/proc").glob("[0-9]*/environ")
        if mark in _read(path)
    ]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
