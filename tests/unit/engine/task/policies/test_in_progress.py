"""The policy `in_progress` in the chain."""

import pytest

from headrace.engine.task.verdict import TaskView
from support.builders import running
from support.views import FULL, PAUSE, STOP, answer, begun


@pytest.mark.parametrize(
    ("judged", "want"),
    [
        pytest.param(
            begun(None, running(), course=PAUSE),
            "wait Running",
            id="the run is paused while an attempt runs",
        ),
        pytest.param(
            begun(None, running(), course=STOP),
            "wait Running",
            id="the run is stopped while an attempt runs",
        ),
        pytest.param(
            begun(None, running(), obstacle=FULL),
            "wait Running",
            id="an attempt runs that was refused before",
        ),
    ],
)
def test_the_verdict(judged: TaskView, want: str) -> None:
    """An attempt that runs is left alone."""
    assert want == answer(judged)
