"""The policy `pending_time` in the chain."""

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.task.attempts import follow
from headrace.engine.task.chain import judge
from headrace.engine.task.observed import ObservedTask, TaskLog
from headrace.engine.task.verdict import Abort, TaskView
from support.builders import at, retries, starting, waiting
from support.views import GO, answer, begun, view

WAITS = follow(TaskLog(), waiting(1e6), retries(), at(5))


@pytest.mark.parametrize(
    ("judged", "want"),
    [
        pytest.param(
            begun(None, starting(), now=59),
            "wait Starting until 60",
            id="a second before the limit",
        ),
        pytest.param(begun(None, starting(), now=60), "abort PendingTimeout", id="at the limit"),
        pytest.param(
            view("pause", log=WAITS, seen=ObservedTask(WAITS, waiting(1e6)), now=3700, course=GO),
            "abort TaskTimeout",
            id="a wait has no program that could start late, only a limit for the task",
        ),
    ],
)
def test_the_verdict(judged: TaskView, want: str) -> None:
    """An attempt whose program does not start in time is given up."""
    assert want == answer(judged)


def test_a_timed_out_attempt_says_what_it_waited_for() -> None:
    """The reader learns what was in the way."""
    stuck = starting(waiting=Reason.UNSCHEDULABLE, message="0/3 nodes are available")
    verdict = judge(begun(None, stuck, now=60))
    assert isinstance(verdict, Abort)
    assert (
        "not started within timeouts.pendingSeconds (60);"
        " it waited for Unschedulable: 0/3 nodes are available" == verdict.message
    )
