"""The policy `stopped` in the chain."""

import pytest

from headrace.engine.task.verdict import TaskView
from support.views import CANCEL, OPEN, RULED_OUT, STOP, TERMINATE, answer, begun, view


@pytest.mark.parametrize(
    ("judged", "want"),
    [
        pytest.param(
            view(course=STOP),
            "Cancelled RunStopped",
            id="the run is stopped before the task started",
        ),
        pytest.param(
            view(course=CANCEL),
            "Cancelled RunStopped",
            id="the run is cancelled before the task started",
        ),
        pytest.param(
            view(halted="x"), "Cancelled RunStopped", id="another task failed and onFailure is Stop"
        ),
        pytest.param(
            begun(course=STOP),
            "Cancelled RunStopped",
            id="the run is stopped before the task had a Job",
        ),
        pytest.param(
            view(course=STOP, upstream=OPEN),
            "wait WaitingForUpstream",
            id="the run is stopped while a task upstream is open: it may be omitted yet",
        ),
        pytest.param(
            view(course=STOP, upstream=RULED_OUT),
            "Omitted UpstreamFailed",
            id="the run is stopped after the rule had ruled the task out",
        ),
        pytest.param(
            view("tidy", course=TERMINATE),
            "Cancelled RunStopped",
            id="the run is terminated before its `finally` task started",
        ),
    ],
)
def test_the_verdict(judged: TaskView, want: str) -> None:
    """A run that stops starts nothing new."""
    assert want == answer(judged)
