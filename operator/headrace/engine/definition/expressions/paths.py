"""
The paths of an expression: what it reads of `params`, `run`, `tasks`, `item` and `index`.

Knows the names that macros bind. Does not know which names there are.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from headrace.engine.definition.expressions.tree import (
    INDEX,
    Call,
    Const,
    Fold,
    Ident,
    Node,
    Select,
    children,
)

NAMESPACES = frozenset({"lists", "math", "sets"})
"""What stands before the dot of some functions, and is no name of a value."""

TYPES = frozenset(
    {"bool", "bytes", "double", "int", "list", "map", "null_type", "string", "type", "uint"}
)
"""Names of types: `type(item) == string`."""


@dataclass(frozen=True, slots=True)
class Path:
    """A name, and fields of it by constant names."""

    nodes: tuple[Node, ...]
    """The name's node, then one for each step. Operators stand at their dot or bracket."""
    root: str
    steps: tuple[str, ...] = ()
    """`tasks['load'].outputs.rows`: load, outputs, rows."""
    tests: bool = False
    """Whether it asks if the last step is there: `has(…)`."""


def path(node: Node) -> Path | None:
    """Return the path that a node is; None: it is something else."""
    if isinstance(node, Ident):
        return Path((node,), node.name)
    step = _step(node)
    if step is None:
        return None
    operand, name = step
    before = path(operand)
    if before is None or before.tests:
        return None
    tests = isinstance(node, Select) and node.tests
    return Path((*before.nodes, node), before.root, (*before.steps, name), tests)


def free_paths(node: Node, bound: frozenset[str] = frozenset()) -> Iterator[Path]:
    """Yield the longest paths that begin with a name that no macro binds."""
    found = path(node)
    if found is not None:
        if found.root not in bound | TYPES:
            yield found
    elif isinstance(node, Fold):
        yield from free_paths(node.source, bound)
        yield from free_paths(node.start, bound)
        inside = bound | {node.item, node.accumulator}
        for part in (node.condition, node.step, node.result):
            yield from free_paths(part, inside)
    else:
        for child in children(node):
            if not names_function(node, child, bound):
                yield from free_paths(child, bound)


def _step(node: Node) -> tuple[Node, str] | None:
    if isinstance(node, Select):
        return node.operand, node.field
    if isinstance(node, Call) and node.function == INDEX:
        operand, key = node.args
        if isinstance(key, Const) and isinstance(key.value, str):
            return operand, key.value
    return None


def names_function(node: Node, child: Node, bound: frozenset[str] = frozenset()) -> bool:
    """Whether a child is the first half of a function's name, and no value: `math.abs(1)`."""
    return (
        isinstance(node, Call)
        and child is node.target
        and isinstance(child, Ident)
        and child.name in NAMESPACES - bound
    )
