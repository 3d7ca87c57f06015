"""A run as plain lines: `headrace.cli.lines`."""

import re
from io import StringIO

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import DesiredState
from headrace.cli.lines import Lines
from headrace.engine.definition import Definition
from headrace.engine.outcome import Outcome
from headrace.engine.run import ObservedRun, ObservedTask, RunKey, RunLog
from support.builders import (
    NOON,
    at,
    chain,
    ended,
    exited,
    failed,
    log,
    retries,
    running,
    task,
    workflow,
)

A_AND_B = chain("a", "b")


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
    assert re.fullmatch(r"b  did not run: UpstreamFailed: .*failed upstream: a", lines[2])


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
    cut = ObservedTask(ended(Outcome.CANCELLED, Reason.CANCELLED, "desiredState is Cancel"))

    lines = told(seen(desired=DesiredState.CANCEL, a=cut))

    assert ["a  was ended after 5.0s: Cancelled: desiredState is Cancel"] == lines[1:2]
    assert lines[2].startswith("b  did not run: ")


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
