"""
The syntax tree of an expression, as CEL defines it (cel.expr.Expr in github.com/google/cel-spec).

Knows the kinds of nodes and their children. Does not know the meaning of any function.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

INDEX = "_[_]"
CHOICE = "_?_:_"


@dataclass(frozen=True, slots=True)
class Const:
    """A value that stands in the source."""

    id: int
    value: str | int | None
    """Of a text or a whole number; None: any other."""
    wire: bytes = field(repr=False)
    """The library's form of the value."""


@dataclass(frozen=True, slots=True)
class Ident:
    """A name."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Select:
    """A field of a mapping: `operand.field`."""

    id: int
    operand: "Node"
    field: str
    tests: bool = False
    """Whether it asks if there is such a field: `has(operand.field)`."""


@dataclass(frozen=True, slots=True)
class Call:
    """A function or an operator, with its arguments; a method has its target."""

    id: int
    function: str
    args: "tuple[Node, ...]"
    target: "Node | None" = None


@dataclass(frozen=True, slots=True)
class Listing:
    """A list that stands in the source."""

    id: int
    elements: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Entry:
    """A key of a mapping that stands in the source, and its value."""

    id: int
    key: "Node | str"
    """A text is the name of a message's field."""
    value: "Node"


@dataclass(frozen=True, slots=True)
class Mapped:
    """A mapping or a message that stands in the source."""

    id: int
    message: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Fold:
    """What the macros (`all`, `exists`, `exists_one`, `map`, `filter`) become."""

    id: int
    item: str
    source: "Node"
    """The list or mapping that is walked over."""
    accumulator: str
    start: "Node"
    condition: "Node"
    step: "Node"
    result: "Node"


Node = Const | Ident | Select | Call | Listing | Mapped | Fold


@dataclass(frozen=True, slots=True)
class Tree:
    """A syntax tree, and where its nodes stand."""

    root: Node
    offsets: dict[int, int]
    """By a node's id: its place in the source, in characters. Operators count, not operands."""

    def offset(self, node: Node) -> int:
        """Return where a node stands."""
        return self.offsets.get(node.id, 0)


def children(node: Node) -> Iterator[Node]:
    """Yield the nodes below a node, in the order of evaluation."""
    if isinstance(node, Select):
        yield node.operand
    elif isinstance(node, Call):
        yield from () if node.target is None else (node.target,)
        yield from node.args
    elif isinstance(node, Listing):
        yield from node.elements
    elif isinstance(node, Mapped):
        for entry in node.entries:
            yield from () if isinstance(entry.key, str) else (entry.key,)
            yield entry.value
    elif isinstance(node, Fold):
        yield from (node.source, node.start, node.condition, node.step, node.result)


def nodes(node: Node) -> Iterator[Node]:
    """Yield a node and all below it."""
    yield node
    for child in children(node):
        yield from nodes(child)


def rebuilt(node: Node, change: Callable[[Node], Node]) -> Node:
    """Return a node with other nodes below it."""
    match node:
        case Select():
            return replace(node, operand=change(node.operand))
        case Call():
            target = None if node.target is None else change(node.target)
            return replace(node, target=target, args=tuple(map(change, node.args)))
        case Listing():
            return replace(node, elements=tuple(map(change, node.elements)))
        case Mapped():
            return replace(node, entries=tuple(_entry(each, change) for each in node.entries))
        case Fold():
            return replace(
                node,
                source=change(node.source),
                start=change(node.start),
                condition=change(node.condition),
                step=change(node.step),
                result=change(node.result),
            )
    return node


def _entry(entry: Entry, change: Callable[[Node], Node]) -> Entry:
    key = entry.key if isinstance(entry.key, str) else change(entry.key)
    return replace(entry, key=key, value=change(entry.value))
