"""The policy `another_work` in the chain."""

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.outcome import Outcome
from headrace.engine.task.judgement import judge_seen
from headrace.engine.task.observed import ObservedTask
from support.builders import waiting
from support.views import TASK, view


def test_a_program_is_never_replaced_by_time() -> None:
    """Somebody made its TaskRun one that waits: the task fails, and its end is no success."""
    turn = view(now=120).turn
    judged = judge_seen(turn, TASK.tasks["a"], ObservedTask(sighting=waiting(60)), None)
    assert (Outcome.FAILED, Reason.NOT_OF_THE_RUN) == (judged.outcome, judged.log.reason)
    assert "the TaskRun has waitUntil" in judged.log.message
