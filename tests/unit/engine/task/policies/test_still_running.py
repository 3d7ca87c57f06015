"""The policy `still_running` in the chain."""

import pytest

from headrace.engine.task.verdict import TaskView
from support.views import STOP, answer, view


@pytest.mark.parametrize(
    ("judged", "want"),
    [
        pytest.param(
            view(beside="pod x of b"),
            "wait WaitingForRemoval",
            id="a pod of a task upstream still runs",
        ),
        pytest.param(
            view("tidy", beside="pod x of b"),
            "wait WaitingForRemoval",
            id="a pod still runs before a `finally` task",
        ),
        pytest.param(
            view(beside="pod x of b", course=STOP),
            "Cancelled RunStopped",
            id="a stopped run does not wait for the pod",
        ),
    ],
)
def test_the_verdict(judged: TaskView, want: str) -> None:
    """A task waits until what it follows has really ended."""
    assert want == answer(judged)
