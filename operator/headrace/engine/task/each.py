"""
The work of one item, where each item has one of its own: a wait, a run, a question.

Knows the values that an item has of its own. Knows no world.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from heapq import heapify, heapreplace
from typing import Final

from headrace.api.checks.instants import from_the_second
from headrace.api.v1alpha1.approval import LONGEST_QUESTION
from headrace.engine.definition.expressions.results import as_text
from headrace.engine.definition.expressions.types import Value
from headrace.engine.definition.ways import MESSAGE, PARAM
from headrace.engine.definition.work import Approval, ChildRun, Timer
from headrace.engine.text import clip

LARGEST: Final = 256 * 1024
"""The most bytes of the values of all items, as JSON: they are on record together."""

Given = Mapping[str, Sequence[Value]]
"""By path in the task: the values of the items, in the order of their indexes."""

_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


def size_of(given: Given) -> int:
    """Return how many bytes the values of all items have as JSON."""
    return sum(len(json.dumps(values, default=str).encode()) for values in given.values())


def own(given: Given | None, index: int) -> dict[str, Value]:
    """Return the values of one item, by path in the task."""
    return {path: values[index] for path, values in (given or {}).items()}


def called_for(call: ChildRun, values: Mapping[str, Value]) -> ChildRun:
    """Return a call with the values of its expressions."""
    if not values:
        return call
    params = {
        name: _param(values.get(PARAM.format(index), value))
        for index, (name, value) in enumerate(call.params.items())
    }
    return ChildRun(call.workflow, params)


def asked_for(question: Approval, values: Mapping[str, Value], now: datetime) -> Approval:
    """Return a question with the values of its expressions, and until when people can answer."""
    asked, seconds = question.asked, question.asked.timeout_seconds
    if MESSAGE in values:
        words = clip(as_text(values[MESSAGE]), LONGEST_QUESTION)
        asked = asked.model_copy(update={"message": words})
    return Approval(asked, None if seconds is None else now + timedelta(seconds=seconds))


def waits(
    timer: Timer, untils: Sequence[Value] | Value, total: int, most: int | None, now: datetime
) -> list[datetime]:
    """
    Return when the wait of each item ends: in whole seconds, as Kubernetes keeps it, never earlier.

    At most `most` waits go on at a time: the next item begins when one of them ends.

    Args:
        timer: The wait of an item.
        untils: The instant of each item, or one for all, if the wait has no length.
        total: How many items there are.
        most: How many go on at a time; None: all.
        now: The time of the turn.

    """
    length = None if timer.seconds is None else timedelta(seconds=timer.seconds)
    begin = now if length is not None else _EARLIEST
    free, ends = [begin] * min(most or total, total), []
    heapify(free)
    for index in range(total):
        end = free[0] + length if length is not None else max(free[0], _instant(untils, index))
        heapreplace(free, end)
        ends.append(from_the_second(end))
    return ends


def recorded(path: str, value: Value) -> bool | int | str:
    """Return a value of an item as it is kept on record."""
    return _param(value) if path != MESSAGE else clip(as_text(value), LONGEST_QUESTION)


def _instant(untils: Sequence[Value] | Value, index: int) -> datetime:
    value = untils[index] if isinstance(untils, list) else untils
    assert isinstance(value, datetime)  # noqa: S101 - the field wants a timestamp
    return value


def _param(value: Value) -> bool | int | str:
    """Return a value as a parameter can hold it: as text, if it is of no type of parameters."""
    if isinstance(value, bool | int | str):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return as_text(value)
