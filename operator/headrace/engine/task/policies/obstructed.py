"""What the world refused to start is tried again later, or fails."""

from datetime import datetime, timedelta

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.outcome import Ended, Outcome
from headrace.engine.task.attempts import refuse
from headrace.engine.task.classify import KINDS, Kind
from headrace.engine.task.observed import EMPTY, Obstacle
from headrace.engine.task.retry import GiveUp, after_failure
from headrace.engine.task.verdict import TaskView, Verdict, Wait

ASK_AGAIN = timedelta(seconds=30)
"""How long a refusal that cannot be put on record is left alone at least, if it is tried again."""


LEFT_OVER = timedelta(seconds=60)
"""How long after a run was created a TaskRun of its name may be one of a run before it, which had
the same name and was deleted: Kubernetes' garbage collector takes a while to come by."""


def obstructed(view: TaskView) -> Verdict | None:
    """
    Wait a while after the world refused to start the task, or fail it if that is for good.

    A Job that is refused for good is in the log as an attempt. Where not even a TaskRun is made
    there is no log: the first refusal decides, unless a rule wants it tried again. Such tries
    cannot be counted, so the limit of retries does not end them.
    """
    obstacle = view.obstacle
    if obstacle is None:
        return None
    until = obstacle.until
    if KINDS.get(obstacle.reason) is Kind.DEFINITION and view.seen is None:
        answer = _without_task_run(view, obstacle)
        if isinstance(answer, Ended):
            return answer
        until = answer
    return Wait(obstacle.reason, obstacle.message, until) if view.turn.now < until else None


def _without_task_run(view: TaskView, obstacle: Obstacle) -> Ended | datetime:
    """Fail a task whose TaskRun was refused for good, or say when to ask for it again."""
    again = obstacle.until + ASK_AGAIN
    created = view.turn.created
    if created and obstacle.reason is Reason.NAME_TAKEN and obstacle.until < created + LEFT_OVER:
        return again
    tried = refuse(EMPTY, obstacle, view.task.retry)
    end = after_failure(view.task.retry, tried, view.attempt_id(1))
    if isinstance(end, GiveUp):
        return Ended(Outcome.FAILED, end.reason, end.message)
    return max(end.when, again)
