"""
The fault of an evaluation that gave no value: the part of the expression, and the values given.

The library says what went wrong, not where. So the parts of the tree are evaluated again, until one
fails whose own parts do not.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headrace.engine.definition.expressions import cel
from headrace.engine.definition.expressions.paths import names_function
from headrace.engine.definition.expressions.tree import (
    CHOICE,
    Call,
    Const,
    Fold,
    Ident,
    Node,
    children,
)
from headrace.engine.definition.expressions.words import plain, shown
from headrace.engine.text import listed

MOST_TRIES = 300
"""The most parts that are evaluated in a search."""

SHOWN = 5
UNTOLD = "Non-CEL value type"
"""What the library says of instants and durations as values of names: no part can be tried with
them."""

_NO_KEY = re.compile(r"Key not found in map : (?P<key>.*)", re.DOTALL)
_COSTLY = re.compile(r"Iteration budget|recursion")

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """A part of an expression that gave no value."""

    node: Node
    message: str


def fault(root: Node, data: Data, error: cel.CelError) -> Fault:
    """Find what went wrong in a tree that gave an error with these values of names."""
    if _COSTLY.search(error.message):
        return Fault(root, plain(error.message))
    try:
        found = _Search().within(root, data)
    except cel.CelError:  # A part on its own is another thing than a part of the whole.
        found = None
    return found if found is not None else Fault(root, plain(error.message))


class _Search:
    """One search, with a limit of tries."""

    def __init__(self) -> None:
        self._left = MOST_TRIES

    def within(self, node: Node, data: Data) -> Fault | None:
        """Return the fault in a part; None: it gives a value, or the tries are used up."""
        if isinstance(node, Const | Ident):
            return None
        error = self._error(node, data)
        if error is None:
            return None
        below = (self.within(part, values) for part, values in self._parts(node, data))
        deeper = next((found for found in below if found is not None), None)
        return Fault(node, self._message(node, data, error)) if deeper is None else deeper

    def _error(self, node: Node, data: Data) -> cel.CelError | None:
        try:
            self._value(node, data)
        except cel.CelError as error:
            return None if UNTOLD in error.message else error
        return None

    def _value(self, node: Node, data: Data) -> Any:
        if not self._left:
            raise cel.CelError("the search for the fault took too long")
        self._left -= 1
        return cel.evaluate(cel.plan(node), data).value

    def _parts(self, node: Node, data: Data) -> Iterator[tuple[Node, Data]]:
        """Yield the parts that are evaluated, each with the values of names in it."""
        if isinstance(node, Fold):
            yield node.source, data
            yield from self._rounds(node, data)
        elif isinstance(node, Call) and node.function == CHOICE:
            condition, yes, no = node.args
            yield condition, data
            if self._error(condition, data) is None:
                yield yes if self._value(condition, data) is True else no, data
        else:
            yield from ((child, data) for child in _operands(node))

    def _rounds(self, node: Fold, data: Data) -> Iterator[tuple[Node, Data]]:
        start = self._value(node.start, data)
        for item in self._value(node.source, data):
            yield node.step, {**data, node.item: item, node.accumulator: start}

    def _message(self, node: Node, data: Data, error: cel.CelError) -> str:
        missing = _NO_KEY.search(error.message)
        if missing is not None:
            return self._missing(node, data, missing["key"])
        given = [shown(self._value(each, data)) for each in _given(node)]
        return f"{plain(error.message)}{': ' if given else ''}{', '.join(given)}"

    def _missing(self, node: Node, data: Data, key: str) -> str:
        operand = next(children(node), node)
        mapping = self._value(operand, data)
        keys: Sequence[str] = sorted(map(str, mapping)) if isinstance(mapping, dict) else ()
        there = f"there are {listed(keys, SHOWN)}" if keys else "there are no others"
        return f"there is no {_quoted(key)}; {there}"


def _given(node: Node) -> Iterator[Node]:
    """Yield the parts whose values a message shows."""
    if isinstance(node, Fold):
        yield node.source
    elif isinstance(node, Call) and node.function == CHOICE:
        yield node.args[0]
    else:
        yield from _operands(node)


def _operands(node: Node) -> Iterator[Node]:
    yield from (child for child in children(node) if not names_function(node, child))


def _quoted(key: str) -> str:
    return repr(key[1:-1]) if key.startswith('"') else key
