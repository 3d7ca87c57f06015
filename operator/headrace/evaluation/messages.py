"""
Questions and answers as bytes, between the evaluator and its worker process.

JSON, in which mappings and instants are wrapped: nothing that a user writes can pass for one of our
own marks. The worker is not trusted: what it writes is read as data, and never run.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from headrace.engine.definition.expressions.types import (
    Expression,
    Failure,
    Question,
    Scope,
    Template,
    Value,
    Wants,
)

HEADER: Final = 4
"""The bytes of a message's length, before it; the highest comes first."""

MAPPING, INSTANT = "m", "t"


def framed(message: bytes) -> bytes:
    """Return a message with its length before it."""
    return len(message).to_bytes(HEADER, "big") + message


def write_question(question: Question) -> bytes:
    """
    Write a question.

    Raises:
        ValueError: A value in the scope cannot be written: its type is none of ours, or it is
            nested too deeply.

    """
    scope = question.scope
    given = [scope.params, scope.run, scope.tasks, scope.item, scope.index, scope.delivery]
    try:
        return _dumped([_asked(question.asked), _wrapped(given)])
    except (TypeError, RecursionError) as error:
        raise ValueError(str(error)) from error


def read_question(message: bytes) -> Question:
    """Read a question."""
    asked, given = json.loads(message)
    return Question(_asked_again(asked), Scope(*_unwrapped(given)))


def write_answer(answer: Value | Failure) -> bytes:
    """Write an answer."""
    if isinstance(answer, Failure):
        return _dumped([answer.source, answer.column, answer.message])
    return _dumped([_wrapped(answer)])


def read_answer(message: bytes) -> Value | Failure:
    """
    Read an answer.

    Raises:
        ValueError: The message is no answer.

    """
    try:
        match json.loads(message):
            case [value]:
                return _unwrapped(value)  # type: ignore[no-any-return]
            case [str() as source, int() as column, str() as words]:
                return Failure(source, column, words)
    except (TypeError, KeyError, RecursionError) as error:
        raise ValueError("this is no answer") from error
    raise ValueError("this is no answer")


def _dumped(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _asked(asked: Expression | Template) -> Any:
    if isinstance(asked, Expression):
        return [asked.source, asked.wants.name, asked.column]
    return {"parts": [each if isinstance(each, str) else _asked(each) for each in asked.parts]}


def _asked_again(written: Any) -> Expression | Template:
    if isinstance(written, dict):
        parts = (each if isinstance(each, str) else _expression(each) for each in written["parts"])
        return Template(tuple(parts))
    return _expression(written)


def _expression(written: Any) -> Expression:
    source, wants, column = written
    return Expression(source, Wants[wants], column)


def _wrapped(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {MAPPING: {key: _wrapped(each) for key, each in value.items()}}
    if isinstance(value, list | tuple):
        return [_wrapped(each) for each in value]
    return {INSTANT: value.isoformat()} if isinstance(value, datetime) else value


_UNWRAP: Mapping[str, Callable[[Any], Any]] = {
    MAPPING: lambda inner: {key: _unwrapped(each) for key, each in inner.items()},
    INSTANT: datetime.fromisoformat,
}


def _unwrapped(value: Any) -> Any:
    if isinstance(value, dict):
        ((mark, inner),) = value.items()
        return _UNWRAP[mark](inner)
    return [_unwrapped(each) for each in value] if isinstance(value, list) else value
