"""A start that the world refused is tried again later, or the task fails."""

from datetime import timedelta

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.outcome import Ended, Outcome
from headrace.engine.task.observed import EMPTY
from headrace.engine.task.obstacles import Busy, Denied
from headrace.engine.task.refusal import refuse
from headrace.engine.task.retry import GiveUp, after_failure
from headrace.engine.task.verdict import TaskView, Verdict, Wait

ASK_AGAIN = timedelta(seconds=30)
"""The shortest wait after a refusal without a log, if the start is tried again."""


LEFT_OVER = timedelta(seconds=60)
"""How long after a run's creation a TaskRun with a taken name may belong to a deleted run of the
same name: Kubernetes' garbage collector takes a while."""


def obstructed(view: TaskView) -> Verdict | None:
    """
    Wait after the world refused to start the task, or fail it if that is final.

    A Job that is refused for good is in the log as an attempt. Without a TaskRun there is no log:
    the first refusal decides, unless a rule says Retry. Such tries cannot be counted, so the limit
    of retries does not end them.
    """
    match view.obstacle:
        case Busy(reason, message, until) if view.turn.now < until:
            return Wait(reason, message, until)
        case Denied() as denied if view.seen is None:
            return _without_task_run(view, denied)
        case _:
            return None


def _without_task_run(view: TaskView, denied: Denied) -> Ended | Wait | None:
    """Fail a task whose TaskRun was refused for good, or wait for the next try."""
    again = denied.since + ASK_AGAIN
    created = view.turn.created
    if not (created and denied.reason is Reason.NAME_TAKEN and denied.since < created + LEFT_OVER):
        tried = refuse(EMPTY, denied, view.task.retry)
        end = after_failure(view.task.retry, tried, view.attempt_id(1))
        if isinstance(end, GiveUp):
            return Ended(Outcome.FAILED, end.reason, end.message)
        again = max(end.when, again)
    return Wait(denied.reason, denied.message, again) if view.turn.now < again else None
