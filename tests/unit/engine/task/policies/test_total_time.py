"""The policy `total_time` in the chain."""

import pytest

from headrace.engine.task.verdict import TaskView
from support.builders import running
from support.views import FAILED_ONCE, answer, begun


@pytest.mark.parametrize(
    ("judged", "want"),
    [
        pytest.param(
            begun(None, running(), now=599),
            "wait Running",
            id="an attempt runs a second before the limit",
        ),
        pytest.param(
            begun(None, running(), now=600), "abort TaskTimeout", id="an attempt runs at the limit"
        ),
        pytest.param(
            begun(FAILED_ONCE, now=600),
            "Failed TaskTimeout",
            id="the limit comes between two attempts",
        ),
    ],
)
def test_the_verdict(judged: TaskView, want: str) -> None:
    """A task has its time, with all its waits and retries."""
    assert want == answer(judged)
