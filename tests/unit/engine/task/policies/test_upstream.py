"""The policy `upstream` in the chain."""

import pytest

from headrace.engine.task.verdict import TaskView
from support.views import OPEN, RULED_OUT, answer, begun, view


@pytest.mark.parametrize(
    ("judged", "want"),
    [
        pytest.param(
            view(upstream=OPEN), "wait WaitingForUpstream", id="a task upstream has not ended"
        ),
        pytest.param(
            view(upstream=RULED_OUT), "Omitted UpstreamFailed", id="a task upstream has failed"
        ),
        pytest.param(
            begun(upstream=OPEN), "start 1", id="the rule was met before: it is asked once"
        ),
    ],
)
def test_the_verdict(judged: TaskView, want: str) -> None:
    """A task starts by its rule over what it waits for."""
    assert want == answer(judged)
