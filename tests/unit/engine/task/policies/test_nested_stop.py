"""The policy `nested_stop` in the chain."""

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.task.observed import ObservedTask
from headrace.engine.task.verdict import TaskView
from support.builders import failed, log
from support.views import GO, STOP, answer, view


def ended(reason: Reason, **more: object) -> TaskView:
    """Return a task whose run has ended without success."""
    known = log(failed(reason, when=5))
    return view("call", log=known, seen=ObservedTask(known), **more)


@pytest.mark.parametrize(
    ("judged", "want"),
    [
        pytest.param(
            ended(Reason.RUN_CANCELLED, course=STOP),
            "Cancelled RunStopped",
            id="the run was stopped with its caller",
        ),
        pytest.param(
            ended(Reason.RUN_FAILED, course=STOP),
            "wait WaitingForRetry until 15.6492",
            id="the run failed while its caller was being stopped",
        ),
        pytest.param(
            ended(Reason.RUN_CANCELLED, course=GO),
            "Failed RunCancelled",
            id="somebody stopped the run alone",
        ),
    ],
)
def test_the_verdict(judged: TaskView, want: str) -> None:
    """Stop goes down, and the task ends as other tasks that Stop keeps from going on."""
    assert want == answer(judged)


def test_a_finally_task_is_not_stopped() -> None:
    """Stop does not go down to its run: somebody else ended that."""
    known = log(failed(Reason.RUN_CANCELLED, when=5))
    judged = view("tidy", course=STOP, log=known, seen=ObservedTask(known))
    assert "Failed RunCancelled" == answer(judged)
