"""The policy `unread` in the chain."""

import pytest

from headrace.engine.task.verdict import TaskView
from support.views import OPEN, STOP, answer, begun, view


@pytest.mark.parametrize(
    ("judged", "want"),
    [
        pytest.param(
            view(unread="far"), "wait WaitingForUpstream", id="a task that it reads has not ended"
        ),
        pytest.param(
            view(unread="far", upstream=OPEN), "wait WaitingForUpstream", id="its rule waits too"
        ),
        pytest.param(
            view(unread="far", course=STOP), "Cancelled RunStopped", id="the run is stopped"
        ),
        pytest.param(begun(unread="far"), "start 1", id="the task has begun"),
        pytest.param(view(), "start 1", id="it reads ended tasks only"),
    ],
)
def test_the_verdict(judged: TaskView, want: str) -> None:
    """Expressions read ends, and nothing that may still change."""
    assert want == answer(judged)
