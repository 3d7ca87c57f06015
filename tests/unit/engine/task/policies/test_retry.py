"""The policy `retry` in the chain."""

import pytest

from headrace.engine.task.chain import judge
from headrace.engine.task.verdict import TaskView, Wait
from support.builders import at, failed, log
from support.views import FAILED_ONCE, STOP, answer, begun


@pytest.mark.parametrize(
    ("judged", "want"),
    [
        pytest.param(
            begun(FAILED_ONCE), "wait WaitingForRetry until 15", id="the backoff is not over"
        ),
        pytest.param(begun(FAILED_ONCE, now=15), "start 2", id="the backoff is over"),
        pytest.param(
            begun(log(failed(code=9)), now=15),
            "Failed NonZeroExit",
            id="a rule says Fail for the exit code",
        ),
        pytest.param(
            begun(FAILED_ONCE, now=15, course=STOP),
            "start 2",
            id="a stopped run lets its tasks retry",
        ),
    ],
)
def test_the_verdict(judged: TaskView, want: str) -> None:
    """A failed attempt is followed by another, or by the end."""
    assert want == answer(judged)


def test_a_wait_for_a_retry_says_when() -> None:
    """Users see the time of the next attempt."""
    verdict = judge(begun(FAILED_ONCE))
    assert isinstance(verdict, Wait)
    assert at(15) == verdict.next_attempt
