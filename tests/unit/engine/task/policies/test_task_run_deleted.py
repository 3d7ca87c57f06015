"""The policy `task_run_deleted` in the chain."""

import pytest

from headrace.engine.task.verdict import TaskView
from support.views import CANCEL, answer, view


@pytest.mark.parametrize(
    ("judged", "want"),
    [
        pytest.param(
            view(lost=True), "Failed TaskRunDeleted", id="the TaskRun of a started task is gone"
        ),
        pytest.param(
            view(lost=True, course=CANCEL),
            "Failed TaskRunDeleted",
            id="the TaskRun is gone and the run is cancelled",
        ),
    ],
)
def test_the_verdict(judged: TaskView, want: str) -> None:
    """A task whose record is gone fails, and is never run again."""
    assert want == answer(judged)
