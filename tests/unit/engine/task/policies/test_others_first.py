"""The policy `others_first` in the chain."""

import pytest

from headrace.engine.task.verdict import TaskView
from support.views import CANCEL, STOP, answer, view


@pytest.mark.parametrize(
    ("judged", "want"),
    [
        pytest.param(
            view("tidy", unfinished="a"), "wait WaitingForTasks", id="another task has not ended"
        ),
        pytest.param(view("tidy"), "start 1", id="all other tasks have ended"),
        pytest.param(view("tidy", course=CANCEL), "start 1", id="the run is cancelled"),
        pytest.param(view("tidy", course=STOP), "start 1", id="the run is stopped"),
    ],
)
def test_the_verdict(judged: TaskView, want: str) -> None:
    """`finally` tasks come last, whatever became of the others."""
    assert want == answer(judged)
