"""The policy `paused` in the chain."""

import pytest

from headrace.engine.task.verdict import TaskView
from support.views import FAILED_ONCE, PAUSE, answer, begun, view


@pytest.mark.parametrize(
    ("judged", "want"),
    [
        pytest.param(view(course=PAUSE), "wait Paused", id="a task could start"),
        pytest.param(view("tidy", course=PAUSE), "wait Paused", id="a `finally` task could start"),
        pytest.param(
            begun(FAILED_ONCE, now=15, course=PAUSE),
            "wait Paused",
            id="an attempt could be tried again",
        ),
    ],
)
def test_the_verdict(judged: TaskView, want: str) -> None:
    """A paused run starts nothing and tries nothing again."""
    assert want == answer(judged)
