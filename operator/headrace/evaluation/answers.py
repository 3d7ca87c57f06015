"""
The answers to a turn's questions: first each `when`, then the variables of the tasks that run.

Knows the order of the questions. Decides nothing about tasks.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.definition.expressions.types import Failure, Question, Value
from headrace.engine.task.actions import Evaluate
from headrace.engine.task.observed import Busy, Evaluated

AGAIN = timedelta(seconds=10)
"""How long until a machine that gave no answer is asked again."""

Asks = Callable[[Sequence[Question]], Awaitable[Sequence[Value | Failure]]]
"""Evaluates questions; the answers are in the same order."""


async def answers(asks: Asks, requests: Sequence[Evaluate]) -> dict[str, Evaluated]:
    """
    Evaluate the expressions of some tasks, many at a time.

    Args:
        asks: Evaluates questions.
        requests: What the engine asks, at most once for each task.

    Returns:
        The values, by task.

    """
    conditional = [(each.task, each.when) for each in requests if each.when is not None]
    found = await asks([when for _, when in conditional]) if conditional else ()
    when = {task: value for (task, _), value in zip(conditional, found, strict=True)}
    go_on = [each for each in requests if when.get(each.task, True) is True]
    leaves = [(each.task, name, leaf) for each in go_on for name, leaf in each.env.items()]
    texts = await asks([leaf for *_, leaf in leaves]) if leaves else ()
    env: dict[str, dict[str, Value | Failure]] = {each.task: {} for each in requests}
    for (task, name, _), value in zip(leaves, texts, strict=True):
        env[task][name] = value
    return {each.task: Evaluated(when.get(each.task), env[each.task]) for each in requests}


def recorded(request: Evaluate, env: Mapping[str, str]) -> Evaluated:
    """Return the answer of a task that has begun: so its condition was true."""
    return Evaluated(None if request.when is None else True, env)


def no_answer(requests: Sequence[Evaluate], error: Exception, now: datetime) -> dict[str, Busy]:
    """Return why tasks' expressions have no values yet, by task: the machine is to blame."""
    return {each.task: Busy(Reason.EVALUATING, str(error), now + AGAIN) for each in requests}
