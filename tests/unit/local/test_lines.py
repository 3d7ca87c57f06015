"""A run as plain lines: `headrace.cli.lines`."""

import errno
import os
import re
from dataclasses import replace
from functools import partial
from io import StringIO
from pathlib import Path

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import DesiredState
from headrace.cli.lines import Lines
from headrace.engine.definition.compile import Definition
from headrace.engine.outcome import Outcome
from headrace.engine.places import Places
from headrace.engine.run.observed import ObservedRun, RunKey, RunLog, Slots
from headrace.engine.task.items import ItemsLog
from headrace.engine.task.observed import Attempt, ObservedTask
from support.builders import (
    NOON,
    at,
    chain,
    ended,
    exited,
    failed,
    log,
    pause,
    retries,
    running,
    task,
    waiting,
    workflow,
)

A_AND_B = chain("a", "b")


def running_attempt() -> Attempt:
    return Attempt(1, created=NOON, started=NOON)


def told_from(first: ObservedRun, logs: Path, *runs: ObservedRun) -> list[str]:
    """Return the lines that are printed by a runner that finds a run like this."""
    stream = StringIO()
    with Lines(stream) as lines:
        lines.open(first, at(10), logs)
        for run in runs:
            lines.show(run, at(10))
    return _without_times(stream)


def seen(
    definition: Definition = A_AND_B,
    desired: DesiredState = DesiredState.RUN,
    **tasks: ObservedTask,
) -> ObservedRun:
    key = RunKey("default", "etl-1")
    return ObservedRun(
        key, "uid", NOON, definition, desired=desired, tasks=tasks, log=RunLog(started=NOON)
    )


def told(*runs: ObservedRun) -> list[str]:
    """Return the lines that are printed for what was seen one after the other, without times."""
    stream = StringIO()
    with Lines(stream) as lines:
        for run in runs:
            lines.show(run, at(10))
    return _without_times(stream)


def _without_times(stream: StringIO) -> list[str]:
    return [re.sub(r"^\d\d:\d\d:\d\d  ", "", line) for line in stream.getvalue().splitlines()]


def test_a_task_starts_and_ends() -> None:
    """A line each, once, however often the run is looked at."""
    begun, over = ObservedTask(sighting=running()), ObservedTask(ended(Outcome.SUCCEEDED))

    lines = told(seen(), seen(a=begun), seen(a=begun), seen(a=over), seen(a=over))

    assert ["a  started", "a  succeeded after 5.0s"] == lines


def test_a_quick_task_is_told_whole() -> None:
    """One that was never seen running still has both lines."""
    assert ["a  started", "a  succeeded after 5.0s"] == told(
        seen(a=ObservedTask(sighting=exited()))
    )


def test_a_failure_says_why_and_what_it_means_for_others() -> None:
    """Also those that will not run have a line."""
    lines = told(seen(a=ObservedTask(sighting=exited(3))))

    assert "a  started" == lines[0]
    assert re.fullmatch(r"a  failed after .*: NonZeroExit: ended with exit code 3; .*", lines[1])
    assert re.fullmatch(r"b  did not run: UpstreamFailed: .*failed: a", lines[2])


def test_a_retry_is_announced_once_and_told() -> None:
    """What failed, when it is tried again, and that it is."""
    definition = workflow(task("load", retry=retries(1, seconds=86_400)))
    on_record = log(failed(), user_failures=1)
    waits = ObservedTask(on_record, sighting=exited(1))
    again = ObservedTask(on_record, sighting=running(2))

    lines = told(
        seen(definition, load=waits), seen(definition, load=waits), seen(definition, load=again)
    )

    assert "load  started" == lines[0]
    assert "load  WaitingForRetry: again in " == lines[1][:32]
    assert ["load  started attempt 2"] == lines[2:]


def test_a_cancelled_run() -> None:
    """What ran was ended, what did not run did not."""
    log_of_a = ended(Outcome.CANCELLED, Reason.CANCELLED, "desiredState is Cancel")
    cancelled = partial(seen, desired=DesiredState.CANCEL)

    lines = told(
        seen(a=ObservedTask(sighting=running())),
        cancelled(a=ObservedTask(log_of_a, sighting=running())),
        cancelled(a=ObservedTask(log_of_a, sighting=running())),
        cancelled(a=ObservedTask(log_of_a)),
    )

    assert [
        "a  started",
        "a  Cancelled: ending, killed in at most 10s",
        "a  was ended after 5.0s: Cancelled: you cancelled it",
    ] == [line for line in lines if line.startswith("a ")]
    assert lines[2].startswith("b  did not run: ")


def test_a_new_run_is_named_first(tmp_path: Path) -> None:
    """With the number of its tasks, and where to look while it goes on."""
    fresh = replace(seen(), log=RunLog())

    assert [f"run etl-1: 2 tasks; logs in {tmp_path}"] == told_from(fresh, tmp_path)


def test_of_a_run_that_goes_on_the_past_is_not_told_again(tmp_path: Path) -> None:
    """Tasks that ended are counted; one that still runs is named, and has not just started."""
    past = ObservedTask(ended(Outcome.SUCCEEDED))
    resumed = seen(a=past, b=ObservedTask(log(running_attempt()), sighting=running()))
    over = seen(a=past, b=ObservedTask(log(running_attempt()), sighting=exited()))

    assert [
        f"run etl-1 goes on: 1 of 2 tasks have ended; logs in {tmp_path}",
        "b  still runs (attempt 1)",
        "b  succeeded after 5.0s",
    ] == told_from(resumed, tmp_path, resumed, over)


def test_what_ended_while_nobody_looked_is_news(tmp_path: Path) -> None:
    """Its start was told by the runner before, its end was not."""
    meanwhile = seen(a=ObservedTask(log(running_attempt()), sighting=exited()))

    lines = told_from(meanwhile, tmp_path, meanwhile)

    assert ["a  succeeded after 5.0s"] == [line for line in lines[1:] if line.startswith("a ")]


def test_tasks_that_wait_for_a_slot_are_told_in_one_line() -> None:
    """That they wait, and for what; not a line each, as there may be thousands."""
    definition = workflow(*(task(f"t{number}") for number in range(6)))
    slots = Slots(1, "all 1 slots are taken")
    run = replace(seen(definition, t0=ObservedTask(sighting=running())), slots=slots)

    want = "t1, t2, t3 and 2 more: WaitingForSlot: all 1 slots are taken"
    assert ["t0  started", want] == told(run, run)


def test_a_failure_that_is_allowed_is_told_as_such() -> None:
    """Somebody who sees a run succeed with a failed task knows why."""
    definition = workflow(task("a", allow_failure=True))

    lines = told(seen(definition, a=ObservedTask(sighting=exited(3))))

    assert lines[1].startswith("a  failed (allowed) after ")


def test_a_full_disk_is_told_once_and_the_lines_after_it_are_written(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """There may be room again before the run ends."""

    class Disk(StringIO):
        full = True

        def write(self, text: str) -> int:
            if self.full:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return super().write(text)

    disk = Disk()
    with Lines(disk) as lines:
        lines.say("one")
        lines.say("two")
        disk.full = False
        lines.say("three")

    assert "standard output cannot be written: No space left on device\n" == capsys.readouterr().err
    assert "three" in disk.getvalue()


def test_a_reason_without_words_stands_alone() -> None:
    """No colon that leads nowhere."""
    lines = told(seen(a=ObservedTask(ended(Outcome.FAILED, Reason.EVICTED))))

    assert "a  failed after 5.0s: Evicted" == lines[1]


def test_who_reads_no_more_is_left_alone() -> None:
    """The run goes on without its listener, and prints no error about it."""

    class Gone(StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    with Lines(Gone()) as lines:
        lines.say("one")
        lines.say("two")


WAITS = workflow(pause("p"), task("b", "p"))
GOES_ON = ObservedTask(sighting=waiting(200))
UNTIL = "p  WaitingForTime: until 2030-01-01T12:03:20Z, in 3m10s"


def test_a_wait_says_until_when_once() -> None:
    """Its end says so too: the time that passed may not be what somebody meant."""
    over = ObservedTask(sighting=waiting(8))
    lines = told(seen(WAITS), seen(WAITS, p=GOES_ON), seen(WAITS, p=GOES_ON), seen(WAITS, p=over))
    assert [UNTIL, "p  succeeded after 8.0s: until 2030-01-01T12:00:08Z"] == lines


def test_a_wait_that_goes_on_after_a_restart_says_so_again(tmp_path: Path) -> None:
    """Whoever resumes a run learns what it waits for."""
    run = seen(WAITS, p=GOES_ON)
    assert UNTIL in told_from(run, tmp_path, run)


def over_items(ended: int, total: int = 40, failed: int = 0) -> ObservedRun:
    """Return a run whose first task runs its items."""
    items = ItemsLog(total, Places.first(ended - failed), Places.of(range(ended - failed, ended)))
    return seen(a=ObservedTask(log(running_attempt(), items=items), running()))


@pytest.mark.parametrize(
    ("runs", "want"),
    [
        pytest.param(
            [over_items(3), over_items(4), over_items(7), over_items(9), over_items(21, failed=2)],
            ["a  4/40 items", "a  9/40 items", "a  21/40 items, 2 failed"],
            id="of many items, each tenth",
        ),
        pytest.param([over_items(1, 9), over_items(8, 9)], [], id="of few items, none"),
    ],
)
def test_items_have_lines_on_their_way(
    runs: list[ObservedRun], want: list[str], tmp_path: Path
) -> None:
    """A list of thousands must not fill a log, and a long one must not be silent."""
    lines = told_from(runs[0], tmp_path, *runs)

    assert want == [line for line in lines if re.match(r"a +\d", line)]


def test_a_success_with_failed_items_says_so(tmp_path: Path) -> None:
    """They were tolerated, and are not hidden."""
    over = ended(Outcome.SUCCEEDED, message="1 of 4 items failed")
    lines = told_from(seen(), tmp_path, seen(a=ObservedTask(over)))

    assert any(re.search("a  succeeded after .*: 1 of 4 items failed", line) for line in lines)
