"""
Evaluation of expressions and leaves.

It may use much time and memory, within the library's bounds. So the worker process calls it
(`headrace.evaluation`), and nothing else.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from headrace.engine.definition.expressions import cel
from headrace.engine.definition.expressions.check import place
from headrace.engine.definition.expressions.fallback import expanded
from headrace.engine.definition.expressions.faults import fault
from headrace.engine.definition.expressions.inputs import (
    InputError,
    converted,
    instants,
    written,
)
from headrace.engine.definition.expressions.order import ordered
from headrace.engine.definition.expressions.results import ResultError, accepted, as_text
from headrace.engine.definition.expressions.tree import Tree
from headrace.engine.definition.expressions.types import (
    LARGEST_RESULT,
    Expression,
    Failure,
    Scope,
    Template,
    Value,
)
from headrace.engine.definition.expressions.words import plain

SHOWN = 80
"""How many characters of a text that is too large a failure shows."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    tree: Tree
    plan: Any
    """The library's."""


def evaluate(asked: Expression | Template, scope: Scope) -> Value | Failure:
    """Return the value of an expression or a leaf, or why there is none."""
    if isinstance(asked, Template):
        return _leaf(asked, scope)
    data = _data(scope)
    try:
        prepared = _prepared(asked.source, instants(cel.parse(asked.source), data))
        data = written(data)
    except InputError as error:
        return _failure(asked, 0, str(error))
    except cel.CelError as error:
        return _failure(asked, place(asked.source, error), plain(error.message))
    try:
        result = cel.evaluate(prepared.plan, data)
        return accepted(result.value, result.type, asked.wants)
    except ResultError as error:
        return _failure(asked, 0, str(error))
    except cel.CelError as error:
        found = fault(prepared.tree.root, data, error)
        return _failure(asked, prepared.tree.offset(found.node), found.message)


@lru_cache(maxsize=1024)
def _prepared(source: str, instants: frozenset[int]) -> _Prepared:
    parsed = cel.parse(source)
    tree = Tree(converted(ordered(expanded(parsed.root)), instants), parsed.offsets)
    return _Prepared(tree, cel.plan(tree.root))


def _leaf(leaf: Template, scope: Scope) -> Value | Failure:
    match leaf.parts:
        case (Expression() as only,):
            return evaluate(only, scope)
    texts: list[str] = []
    for part in leaf.parts:
        text = part if isinstance(part, str) else _text(part, scope)
        if isinstance(text, Failure):
            return text
        texts.append(text)
    size = sum(len(text.encode()) for text in texts)
    if size > LARGEST_RESULT:
        message = f"the text would have {size:,} bytes; at most {LARGEST_RESULT:,}"
        return Failure("".join(texts)[:SHOWN], 1, message)
    return "".join(texts)


def _text(part: Expression, scope: Scope) -> str | Failure:
    value = evaluate(part, scope)
    if isinstance(value, Failure):
        return value
    try:
        return as_text(value)
    except ResultError as error:
        return _failure(part, 0, str(error))


def _data(scope: Scope) -> dict[str, Any]:
    if scope.delivery:
        return dict(scope.delivery)
    data: dict[str, Any] = {"params": scope.params, "run": scope.run, "tasks": scope.tasks}
    if scope.index is not None:
        data |= {"item": scope.item, "index": scope.index}
    return data


def _failure(asked: Expression, offset: int, message: str) -> Failure:
    return Failure(asked.source, asked.column + offset, message)
