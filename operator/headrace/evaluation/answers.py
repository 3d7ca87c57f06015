"""
The answers to a turn's questions: first each `when`, then the variables of the tasks that run.

Knows the order of the questions. Decides nothing about tasks.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.definition.expressions.types import Failure, Question, Value
from headrace.engine.task.actions import Evaluate
from headrace.engine.task.observed import Busy, Evaluated

AGAIN = timedelta(seconds=10)
"""How long until a machine that gave no answer is asked again."""

NO_VALUES: Mapping[str, Value] = {}

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
    leaves = list(_leaves(go_on))
    values = iter(await asks(leaves) if leaves else ())
    given = {each.task: _given(each, when, values) for each in go_on}
    return {each.task: given.get(each.task, Evaluated(when.get(each.task))) for each in requests}


def _leaves(requests: Iterable[Evaluate]) -> Iterator[Question]:
    """Yield the questions besides `when`, in an order that `_given` knows."""
    for each in requests:
        yield from each.env.values()
        yield from each.fields.values()


def _given(
    request: Evaluate, when: Mapping[str, Value | Failure], values: Iterator[Value | Failure]
) -> Evaluated:
    """Return the answers to one request: the next values are its own."""
    env = {name: next(values) for name in request.env}
    fields = {path: next(values) for path in request.fields}
    return Evaluated(when.get(request.task), env, fields)


def recorded(
    request: Evaluate, env: Mapping[str, str], fields: Mapping[str, Value] = NO_VALUES
) -> Evaluated:
    """Return the answer of a task that has begun: so its condition was true."""
    return Evaluated(None if request.when is None else True, env, fields)


def no_answer(requests: Sequence[Evaluate], error: Exception, now: datetime) -> dict[str, Busy]:
    """Return why tasks' expressions have no values yet, by task: the machine is to blame."""
    return {each.task: Busy(Reason.EVALUATING, str(error), now + AGAIN) for each in requests}
