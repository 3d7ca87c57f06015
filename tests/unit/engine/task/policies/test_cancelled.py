"""The policy `cancelled` in the chain."""

import pytest

from headrace.engine.task.verdict import TaskView
from support.builders import running
from support.views import CANCEL, FAILED_ONCE, answer, begun


@pytest.mark.parametrize(
    ("judged", "want"),
    [
        pytest.param(
            begun(None, running(), course=CANCEL),
            "abort Cancelled",
            id="the run is cancelled while an attempt runs",
        ),
        pytest.param(
            begun(FAILED_ONCE, course=CANCEL),
            "Cancelled Cancelled",
            id="the run is cancelled between two attempts",
        ),
        pytest.param(
            begun(course=CANCEL),
            "Cancelled Cancelled",
            id="the run is cancelled before the first attempt",
        ),
    ],
)
def test_the_verdict(judged: TaskView, want: str) -> None:
    """What was started ends with the run."""
    assert want == answer(judged)
