"""The attempt of a wait: `headrace.engine.task.timer`, and what its log makes of it."""

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.outcome import Outcome
from headrace.engine.task.attempts import follow
from headrace.engine.task.observed import TaskLog
from headrace.engine.task.timer import passed
from support.builders import at, retries, running, waiting


@pytest.mark.parametrize(
    ("now", "over"),
    [
        pytest.param(59.9, False, id="just before its instant"),
        pytest.param(60, True, id="at its instant"),
        pytest.param(90_000, True, id="a day after it, when nobody had looked"),
    ],
)
def test_a_wait_ends_at_its_instant(now: float, *, over: bool) -> None:
    """Never before, and its end is the instant itself, however late somebody looks."""
    end = passed(waiting(60), at(now))
    assert over == (end is not None)
    assert end is None or at(60) == end.at


def test_an_attempt_with_a_program_does_not_end_by_time() -> None:
    """It has no instant."""
    assert passed(running(), at(1e6)) is None


def log_of(until: float, now: float, created: float = 0) -> TaskLog:
    """Return the log of a wait."""
    return follow(TaskLog(), waiting(until, created), retries(), at(now))


def test_a_wait_says_until_when() -> None:
    """It is one attempt, without a program that starts or an exit code."""
    log = log_of(until=60, now=1)
    assert (Reason.WAITING_FOR_TIME, "until 2030-01-01T12:01:00Z") == (log.reason, log.message)
    assert (1, at(0), None, None) == (
        *(log.count, log.started, log.attempts[0].started, log.outcome),
    )


def test_a_wait_that_is_over_has_succeeded() -> None:
    """After a long downtime too, its task ended at the instant."""
    log = log_of(until=60, now=90_000)
    assert (Outcome.SUCCEEDED, at(60), None) == (log.outcome, log.finished, log.outputs)
    (attempt,) = log.attempts
    assert (at(60), Reason.SUCCEEDED, None) == (
        *(attempt.finished, attempt.reason, attempt.progress.exit_code),
    )


def test_a_wait_until_the_past_ends_as_it_begins() -> None:
    """No task ends before it began."""
    log = log_of(until=-3600, now=1, created=0)
    assert (Outcome.SUCCEEDED, at(0), at(0)) == (log.outcome, log.started, log.finished)
