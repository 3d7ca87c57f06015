"""
The values of a task's expressions, as its program or the called workflow can get them.

Knows what a variable can hold. Evaluates nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from headrace.api.checks.instants import FIRST_YEAR, LAST_YEAR, fits_the_api
from headrace.api.v1alpha1.base import MAX_TEXT
from headrace.api.v1alpha1.cache import MAX_KEY, CacheMode
from headrace.engine.definition.expressions.results import ResultError, as_text
from headrace.engine.definition.expressions.types import Expression, Failure, Template, Value
from headrace.engine.definition.task_expressions import NO_FIELDS, TaskExpressions, words
from headrace.engine.definition.ways import CACHE_KEY, FROM, MESSAGE
from headrace.engine.definition.work import Each, FanOut
from headrace.engine.task.observed import Evaluated, TaskLog


def env_of(known: Evaluated | None) -> dict[str, str]:
    """Return the values of variables, by name. Each has one that a program can get."""
    values = known.env if known is not None else {}
    return {
        name: as_text(value) for name, value in values.items() if not isinstance(value, Failure)
    }


def fields_of(known: Evaluated | None) -> dict[str, Value]:
    """Return the values of the fields beside `env`, by their path in the task."""
    values = known.fields if known is not None else {}
    return {path: value for path, value in values.items() if not isinstance(value, Failure)}


def each_of(known: Evaluated | None) -> dict[str, list[Value]]:
    """Return the values that each item has of its own, by their path in the task."""
    values = known.each if known is not None else {}
    return {
        path: [value for value in own if not isinstance(value, Failure)]
        for path, own in values.items()
    }


def items_of(work: FanOut | Each[Any], known: Evaluated | None) -> Sequence[Any]:
    """Return the items of a task that has not begun."""
    items = work.items if work.items is not None else fields_of(known).get(FROM)
    return items if isinstance(items, list | tuple | range) else ()


def asked_fields(
    expressions: TaskExpressions, log: TaskLog, cache: CacheMode
) -> Mapping[str, Expression | Template]:
    """Return the expressions of fields that the next attempt needs: later ones need fewer."""
    spare = set()
    if log.items is not None and log.count:
        spare.add(FROM)
    if log.count or cache is CacheMode.OFF:
        spare.add(CACHE_KEY)
    if spare.isdisjoint(expressions.fields):
        return expressions.fields
    return {path: each for path, each in expressions.fields.items() if path not in spare}


def failure_of(
    known: Evaluated, asked: Mapping[str, Expression | Template | Failure] = NO_FIELDS
) -> str | None:
    """
    Return why an expression has no value that the task can use; None: each has one.

    Args:
        known: The values.
        asked: The expressions of the fields beside `env`, by their path in the task.

    """
    return next(_failures(known, asked), None)


def _failures(
    known: Evaluated, asked: Mapping[str, Expression | Template | Failure]
) -> Iterator[str]:
    for path, value in known.fields.items():
        problem = _problem(path, value, asked)
        if problem is not None:
            yield f"{path}: {problem}"
    for path, values in known.each.items():
        problems = (_problem(path, value, asked) for value in values)
        found = next(((n, each) for n, each in enumerate(problems) if each is not None), None)
        if found is not None:
            yield f"{path} for item {found[0]}: {found[1]}"
    for name, value in known.env.items():
        problem = words(value) if isinstance(value, Failure) else _unfit(value)
        if problem is not None:
            yield f"env {name}: {problem}"


def _problem(
    path: str, value: Value | Failure, asked: Mapping[str, Expression | Template | Failure]
) -> str | None:
    """Return why a field can have no such value."""
    if isinstance(value, Failure):
        return words(value)
    # The text of a question may be long, and must not be empty.
    is_value = isinstance(asked.get(path), Template) and path != MESSAGE
    if is_value:
        return _unfit(value)
    return _out_of_place(value) or (_long_key(value) if path == CACHE_KEY else None)


def _long_key(value: Value) -> str | None:
    """Return why no TaskRun can keep a key."""
    length = len(as_text(value))
    if length <= MAX_KEY:
        return None
    return f"gives {length:,} characters; at most {MAX_KEY:,} are allowed: write hash(…) around it"


def _out_of_place(value: Value) -> str | None:
    """Return why no field can keep a value: an instant, or a text."""
    try:
        text = as_text(value)
    except ResultError as error:
        return str(error)
    if isinstance(value, datetime) and not fits_the_api(value):
        return f"gives {text}; give a time in the years {FIRST_YEAR} to {LAST_YEAR}"
    return None if text.strip() else "gives an empty text"


def _unfit(value: Value) -> str | None:
    """Return why no program can get a value in a variable."""
    try:
        text = as_text(value)
    except ResultError as error:
        return str(error)
    if len(text) > MAX_TEXT:
        return (
            f"the value has {len(text):,} characters; at most {MAX_TEXT:,} are allowed: put it"
            " into storage, and give its address"
        )
    if "\0" in text:
        return "the value has a NUL character, and no program can get one; remove it"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "the value has half of a character; give valid Unicode"
    return None
