"""The policy `already_ended` in the chain."""

import pytest

from headrace.engine.outcome import Outcome
from headrace.engine.task.verdict import TaskView
from support.builders import ended
from support.views import CANCEL, GO, answer, begun


@pytest.mark.parametrize(
    ("judged", "want"),
    [
        pytest.param(
            begun(ended(Outcome.SUCCEEDED), course=CANCEL),
            "Succeeded Succeeded",
            id="the run is cancelled after the task has succeeded",
        ),
        pytest.param(
            begun(ended(Outcome.FAILED), course=GO), "Failed Failed", id="the task has failed"
        ),
    ],
)
def test_the_verdict(judged: TaskView, want: str) -> None:
    """An outcome never changes."""
    assert want == answer(judged)
