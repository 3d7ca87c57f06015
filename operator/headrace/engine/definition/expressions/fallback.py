"""
`default(path, fallback)`: the fallback where a path has no value, or null.

A function cannot do this, since its arguments are evaluated first. So the tree is changed: it asks
for each step of the path whether it is there.
"""

from typing import TypeGuard

from headrace.engine.definition.expressions.cel import DEFAULT
from headrace.engine.definition.expressions.paths import path
from headrace.engine.definition.expressions.tree import (
    CHOICE,
    Call,
    Const,
    Node,
    Select,
    nodes,
    rebuilt,
)

NULL = b"\x08\x00"
"""The library's form of null."""


def malformed(root: Node) -> Call | None:
    """Return a `default` whose first argument is no path; None: there is none."""
    found = (node for node in nodes(root) if _is_default(node))
    return next((node for node in found if path(node.args[0]) is None), None)


def _is_default(node: Node) -> TypeGuard[Call]:
    return (
        isinstance(node, Call)
        and node.function == DEFAULT
        and node.target is None
        and len(node.args) == 2  # noqa: PLR2004 - a path and a fallback
    )


def expanded(node: Node) -> Node:
    """Return a tree without `default`."""
    whole = rebuilt(node, expanded)
    if not _is_default(whole):
        return whole
    value, fallback = whole.args
    found = path(value)
    if found is None:
        return whole
    conditions = [_not_null(found.nodes[0])]
    for before, step, name in zip(found.nodes, found.nodes[1:], found.steps, strict=False):
        conditions += (Select(step.id, before, name, tests=True), _not_null(step))
    return Call(whole.id, CHOICE, (_all(conditions), value, fallback))


def _not_null(node: Node) -> Node:
    return Call(node.id, "_!=_", (node, Const(node.id, None, NULL)))


def _all(conditions: list[Node]) -> Node:
    """Join conditions in order, as flat as can be: the library limits the depth of a tree."""
    if len(conditions) == 1:
        return conditions[0]
    middle = len(conditions) // 2
    left, right = _all(conditions[:middle]), _all(conditions[middle:])
    return Call(left.id, "_&&_", (left, right))
