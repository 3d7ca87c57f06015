"""
What the engine wants of attempts that go on: an end, or another state of a called run.

Knows which kinds of attempts have items or runs. Starts none.
"""

from collections.abc import Mapping, Sequence

from headrace.engine.task.actions import Action, EndAttempt, PassOn
from headrace.local.called_run import CalledRun
from headrace.local.called_runs import CalledRuns
from headrace.local.carriers import LocalAttempt
from headrace.local.item_questions import QuestionsAttempt


def carry_out(actions: Sequence[Action], attempts: Mapping[tuple[str, int], LocalAttempt]) -> None:
    """End attempts or some of their items, and pass states on to called runs."""
    for action in actions:
        if isinstance(action, EndAttempt | PassOn):
            attempt = attempts.get((action.task, action.number))
            if attempt is not None:
                _change(attempt, action)


def _change(attempt: LocalAttempt, action: EndAttempt | PassOn) -> None:
    match attempt, action:
        case (CalledRuns() | QuestionsAttempt() as several, EndAttempt(items=items)):
            several.end(items)
        case (_, EndAttempt()):
            attempt.terminate()
        case (CalledRun() as called, PassOn(desired=desired)):
            called.pass_on(desired)
        case (CalledRuns() as called, PassOn(desired=desired, items=items)):
            called.pass_on(desired, items)
