"""
The answers to a turn's questions: first each `when`, then the values of the tasks that run.

Of a task with items, the values of its items come last: the items themselves may be values.

Knows the order of the questions. Decides nothing about tasks.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.definition.expressions.types import LARGEST_LIST, Failure, Question, Value
from headrace.engine.definition.ways import FROM
from headrace.engine.task.actions import Evaluate
from headrace.engine.task.observed import Evaluated
from headrace.engine.task.obstacles import Busy
from headrace.evaluation.failures import too_large_for_items

AGAIN = timedelta(seconds=10)
"""How long until a machine that gave no answer is asked again."""

AT_A_TIME: Final = 100
"""How many items are asked for before the answers are looked at."""

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
    for each in go_on:
        if each.each:
            own = await _of_items(asks, each, given[each.task])
            given[each.task] = replace(given[each.task], each=own)
    return {each.task: given.get(each.task, Evaluated(when.get(each.task))) for each in requests}


async def _of_items(
    asks: Asks, request: Evaluate, known: Evaluated
) -> dict[str, list[Value | Failure]]:
    """Return the values of each item, by path. After a failure, no further item is asked for."""
    items = known.fields.get(FROM) if request.items is None else request.items
    if not isinstance(items, list | tuple | range) or any(
        isinstance(value, Failure) for value in known.fields.values()
    ):
        return {}
    found: dict[str, list[Value | Failure]] = {}
    for path, question in request.each.items():
        own = found[path] = []
        size = 0
        for first in range(0, len(items), AT_A_TIME):
            some = enumerate(items[first : first + AT_A_TIME], first)
            own += await asks([_for_item(question, item, index) for index, item in some])
            size += sum(len(str(value)) for value in own[first:])
            if size > LARGEST_LIST:
                own[-1] = too_large_for_items(question.asked)
            failed = next((n for n, value in enumerate(own) if isinstance(value, Failure)), None)
            if failed is not None:
                return {path: own[: failed + 1]}
    return found


def _for_item(question: Question, item: Any, index: int) -> Question:
    return Question(question.asked, replace(question.scope, item=item, index=index))


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
