"""Tasks that only wait, on this machine: nothing runs of them, and no runner is needed."""

import signal

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.outcome import Outcome
from support.local_run import Bench, kill_runner, said, sh, until

DAY = {"name": "day", "dependsOn": ["a"], "wait": {"seconds": 86_400}}
OVER = {"name": "over", "dependsOn": ["a"], "wait": {"until": "run.logicalTime"}}


def waiting(bench: Bench) -> None:
    """Start a run, and kill its runner while it waits for a day."""
    bench.write(sh("a"), DAY, sh("b", dependsOn=["day"]))
    runner = bench.start()
    until(lambda: "day  WaitingForTime: until " in said(runner))
    # The line shows a judgement. The turn that comes next records it.
    until(lambda: bench.log_of("day").reason is Reason.WAITING_FOR_TIME)
    kill_runner(runner)


def test_an_instant_that_has_passed_holds_nobody_up(bench: Bench) -> None:
    """The run goes on at once, and says until when it was to wait."""
    bench.write(sh("a"), OVER, sh("b", dependsOn=["over"]))
    run = bench.run("--logical-time", "2026-01-31T02:30:00Z")
    assert 0 == run.code
    assert "over  succeeded after 0.0s: until 2026-01-31T02:30:00Z" in run.out
    assert [1] == bench.ran("b")


def test_a_wait_goes_on_without_its_runner(bench: Bench) -> None:
    """The next one knows the instant; Ctrl-C ends the wait, and the run, at once."""
    waiting(bench)
    before = bench.log_of("day")
    assert (Reason.WAITING_FOR_TIME, None) == (before.reason, before.outcome)

    resumed = bench.start("--resume")
    until(lambda: f"day  WaitingForTime: {before.message}" in said(resumed))
    resumed.send_signal(signal.SIGINT)
    resumed.communicate(timeout=60)

    assert 1 == resumed.returncode
    assert Outcome.CANCELLED == bench.log_of("day").outcome
    assert [] == bench.ran("b")


def test_the_rest_of_a_wait_can_be_left_out(bench: Bench) -> None:
    """Who has no time any more says so; the task says what it did not wait for."""
    waiting(bench)
    until_when = bench.log_of("day").message

    resumed = bench.run("--resume", "--no-wait")

    assert 0 == resumed.code
    assert f": --no-wait: not {until_when}" in resumed.out
    assert [1] == bench.ran("b")
    assert Outcome.SUCCEEDED == bench.log_of("day").outcome
