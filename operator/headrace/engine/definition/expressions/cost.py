"""
The cost of an expression, before it is evaluated: how often its macros go round.

Nested macros multiply. A list whose length only evaluating tells counts as 99 items: two nested
macros over such lists fit, three do not.
"""

from headrace.engine.definition.expressions.tree import (
    Call,
    Const,
    Fold,
    Listing,
    Mapped,
    Node,
    children,
)

MOST_ROUNDS = 10_000
"""The library's own limit: it ends an evaluation that goes round more often."""

UNKNOWN_LENGTH = 99


def rounds(node: Node) -> int:
    """Return how often the macros of a tree go round in all."""
    if not isinstance(node, Fold):
        return sum(map(rounds, children(node)))
    inside = sum(map(rounds, (node.start, node.condition, node.step, node.result)))
    return rounds(node.source) + _length(node.source) * (1 + inside)


def _length(node: Node) -> int:
    match node:
        case Listing(elements=parts) | Mapped(entries=parts):
            return len(parts)
        case Fold():
            return _length(node.source)
        case Call(function="range", args=(Const(value=int(count)),)):
            return count
    return UNKNOWN_LENGTH
