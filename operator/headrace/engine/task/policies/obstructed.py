"""What the world refused to start is tried again later, or fails."""

from datetime import timedelta

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.outcome import Ended, Outcome
from headrace.engine.task.attempts import refuse
from headrace.engine.task.observed import EMPTY, Busy, Denied
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
    match view.obstacle:
        case Busy(reason, message, until) if view.turn.now < until:
            return Wait(reason, message, until)
        case Denied() as denied if view.seen is None:
            return _without_task_run(view, denied)
        case _:
            return None


def _without_task_run(view: TaskView, denied: Denied) -> Ended | Wait | None:
    """Fail a task whose TaskRun was refused for good, or wait until it is asked for again."""
    again = denied.since + ASK_AGAIN
    created = view.turn.created
    if not (created and denied.reason is Reason.NAME_TAKEN and denied.since < created + LEFT_OVER):
        tried = refuse(EMPTY, denied, view.task.retry)
        end = after_failure(view.task.retry, tried, view.attempt_id(1))
        if isinstance(end, GiveUp):
            return Ended(Outcome.FAILED, end.reason, end.message)
        again = max(end.when, again)
    return Wait(denied.reason, denied.message, again) if view.turn.now < again else None
