"""The policy `leaving` in the chain."""

from dataclasses import replace

import pytest

from headrace.engine.task.observed import ObservedTask
from headrace.engine.task.verdict import TaskView
from support.builders import exited, failed, gone, log
from support.views import FAILED_ONCE, answer, begun


@pytest.mark.parametrize(
    ("judged", "want"),
    [
        pytest.param(
            begun(FAILED_ONCE, gone(alive=True), now=15),
            "wait WaitingForRetry",
            id="the removed attempt before still runs",
        ),
        pytest.param(
            begun(FAILED_ONCE, gone(), now=15),
            "start 2",
            id="the attempt before was removed and has ended",
        ),
        pytest.param(
            begun(FAILED_ONCE, exited(1), now=15), "start 2", id="the attempt before has ended"
        ),
    ],
)
def test_the_verdict(judged: TaskView, want: str) -> None:
    """Attempts of a task never overlap."""
    assert want == answer(judged)


def test_older_attempts_that_still_run_hold_the_next_one() -> None:
    """Attempts never overlap, whichever it is that is left."""
    held = begun(log(failed(), failed(number=2)), now=60)
    seen = replace(held.seen or ObservedTask(), lingering=frozenset({1}))
    assert "wait WaitingForRetry" == answer(replace(held, seen=seen))
