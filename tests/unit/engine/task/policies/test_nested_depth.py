"""The policy `nested_depth` in the chain."""

from dataclasses import replace

import pytest

from headrace.engine.task.policies.nested_depth import DEEPEST
from headrace.engine.task.verdict import TaskView
from support.views import answer, view


def deep(name: str, runs: int) -> TaskView:
    """Return a task of the innermost of so many runs."""
    judged = view(name)
    return replace(judged, turn=replace(judged.turn, chain=("loop",) * runs))


@pytest.mark.parametrize(
    ("judged", "want"),
    [
        pytest.param(deep("call", DEEPEST - 1), "start 1", id="there is room for one more"),
        pytest.param(deep("call", DEEPEST), "Failed NestedTooDeep", id="the runs are too deep"),
        pytest.param(deep("a", DEEPEST), "start 1", id="a program makes nothing deeper"),
    ],
)
def test_the_verdict(judged: TaskView, want: str) -> None:
    """Each run has at most nine around it."""
    assert want == answer(judged)
