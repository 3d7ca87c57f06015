"""The policy `obstructed` in the chain."""

import pytest

from headrace.engine.task.verdict import TaskView
from support.views import DENIED, FULL, TAKEN, answer, view


@pytest.mark.parametrize(
    ("judged", "want"),
    [
        pytest.param(
            view(obstacle=FULL),
            "wait QuotaExceeded until 100",
            id="there was no room, and the time to ask again has not come",
        ),
        pytest.param(
            view(obstacle=FULL, now=100),
            "start 1",
            id="there was no room, and the time to ask again has come",
        ),
        pytest.param(view(obstacle=TAKEN), "Failed NameTaken", id="no TaskRun can be made"),
        pytest.param(
            view("patient", obstacle=DENIED),
            "wait AdmissionDenied until 35",
            id="a rule wants a denied TaskRun tried again",
        ),
        pytest.param(
            view("patient", obstacle=DENIED, now=35),
            "start 1",
            id="the time of that other try has come",
        ),
    ],
)
def test_the_verdict(judged: TaskView, want: str) -> None:
    """What the world refused is tried again later, or fails for good."""
    assert want == answer(judged)
