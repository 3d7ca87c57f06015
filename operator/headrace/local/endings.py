"""
What the engine wants of attempts that go on: an end, or another state of a called run.

Knows attempts. Starts none.
"""

from collections.abc import Mapping, Sequence

from headrace.engine.task.actions import Action, EndAttempt, PassOn
from headrace.local.called_run import CalledRun
from headrace.local.carriers import LocalAttempt


def carry_out(actions: Sequence[Action], attempts: Mapping[tuple[str, int], LocalAttempt]) -> None:
    """End attempts, and pass states on to called runs."""
    for action in actions:
        if isinstance(action, EndAttempt):
            attempt = attempts.get((action.task, action.number))
            if attempt is not None:
                attempt.terminate()
        elif isinstance(action, PassOn):
            attempt = attempts.get((action.task, action.number))
            if isinstance(attempt, CalledRun):
                attempt.pass_on(action.desired)
