"""A task with `when` may be skipped, and no task starts without the values of its expressions."""

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.definition.expressions.types import Failure
from headrace.engine.definition.task_expressions import words
from headrace.engine.outcome import Ended, Outcome
from headrace.engine.task.values import asked_fields, failure_of
from headrace.engine.task.verdict import Ask, TaskView, Verdict


def when(view: TaskView) -> Verdict | None:
    """
    Ask for the values of a task's expressions; skip it if `when` is false, fail it after an error.

    A task that has begun keeps its values: `when` is not asked again.
    """
    asked, known = view.task.expressions, view.evaluated
    conditional = asked.when is not None and not view.begun
    fields = asked_fields(asked, view.log, view.turn.cache)
    if not (conditional or asked.env or asked.each or fields):
        return None
    if known is None or (conditional and known.when is None):
        return Ask(conditional=conditional)
    if conditional and isinstance(known.when, Failure):
        return Ended(Outcome.FAILED, Reason.INVALID_EXPRESSION, f"when: {words(known.when)}")
    if conditional and known.when is False:
        return Ended(Outcome.SKIPPED, Reason.SKIPPED, asked.skip_words)
    problem = failure_of(known, {**asked.fields, **asked.each})
    return Ended(Outcome.FAILED, Reason.INVALID_EXPRESSION, problem) if problem else None
