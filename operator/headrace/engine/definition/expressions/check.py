"""
The check of an expression when its definition is accepted: syntax, names, cost, types.

Knows the order of the checks. Nothing is evaluated.
"""

from collections.abc import Iterator

from headrace.engine.definition.expressions import cel
from headrace.engine.definition.expressions.cost import MOST_ROUNDS, rounds
from headrace.engine.definition.expressions.fallback import malformed
from headrace.engine.definition.expressions.paths import free_paths
from headrace.engine.definition.expressions.scope import refusal
from headrace.engine.definition.expressions.tree import Mapped, Tree, nodes
from headrace.engine.definition.expressions.typed import type_of
from headrace.engine.definition.expressions.types import (
    LONGEST_SOURCE,
    Expression,
    Failure,
    ScopeTypes,
    Template,
    Wants,
)
from headrace.engine.definition.expressions.words import noun, plain

FITTING = {
    Wants.BOOL: ("BOOL",),
    Wants.LIST: ("LIST",),
    Wants.TIMESTAMP: ("TIMESTAMP",),
    Wants.STRING: ("STRING",),
    Wants.INTEGER: ("INT", "UINT"),
    Wants.NUMBER: ("INT", "UINT", "DOUBLE"),
    Wants.ANY: ("BOOL", "LIST", "TIMESTAMP", "STRING", "INT", "UINT", "DOUBLE", "MAP", "NULL"),
}
"""The library's names of the types that a field takes; DYN, which may become any, fits always."""

CURES = {
    "DURATION": "; write string(…)",
    "BYTES": "; write string(…)",
    "TYPE": "; write string(…)",
}

Wrong = tuple[int, str]
"""Where in the source, in characters from 0, and words with the cure."""


def check(asked: Expression | Template, types: ScopeTypes) -> Failure | None:
    """Return the first thing that is wrong with an expression, or with those of a leaf."""
    if isinstance(asked, Template):
        expressions = (part for part in asked.parts if isinstance(part, Expression))
        return next((found for each in expressions if (found := check(each, types))), None)
    wrong = next(_wrong(asked, types), None)
    if wrong is None:
        return None
    offset, message = wrong
    return Failure(asked.source, asked.column + offset, message)


def _wrong(asked: Expression, types: ScopeTypes) -> Iterator[Wrong]:
    source = asked.source
    if not source.strip():
        yield 0, "the expression is empty"
        return
    if len(source) > LONGEST_SOURCE:
        yield 0, f"has {len(source):,} characters; at most {LONGEST_SOURCE:,} are allowed"
        return
    try:
        tree = cel.parse(source)
        yield from _wrong_names(tree, types)
        yield from _wrong_shape(tree)
        yield from _wrong_type(asked, type_of(source, tree, types))
    except cel.CelError as error:
        yield place(source, error), plain(error.message)


def place(source: str, error: cel.CelError) -> int:
    """Return where an error of the library stands in the source, in characters from 0."""
    lines = source.split("\n")[: error.line - 1]
    return min(sum(len(line) + 1 for line in lines) + error.column - 1, len(source))


def _wrong_names(tree: Tree, types: ScopeTypes) -> Iterator[Wrong]:
    for path in free_paths(tree.root):
        wrong = refusal(path, types)
        if wrong is not None:
            step, words = wrong
            yield tree.offset(path.nodes[step]), words


def _wrong_shape(tree: Tree) -> Iterator[Wrong]:
    for node in nodes(tree.root):
        if isinstance(node, Mapped) and node.message:
            yield tree.offset(node), f"there is no type {node.message!r}; write a mapping: {{…}}"
    call = malformed(tree.root)
    if call is not None:
        example = "default(params.day, 'today')"
        yield tree.offset(call), f"what default(…) tries must be a name with its fields: {example}"
    cost = rounds(tree.root)
    if cost > MOST_ROUNDS:
        words = f"its macros would go round some {cost:,} times, since nested ones multiply"
        yield tree.offset(tree.root), f"{words}; at most {MOST_ROUNDS:,}"


def _wrong_type(asked: Expression, kind: str) -> Iterator[Wrong]:
    if kind.startswith(("DYN", *FITTING[asked.wants])):
        return
    cure = CURES.get(kind.partition("<")[0], "") if asked.wants is Wants.ANY else ""
    yield 0, f"gives {noun(kind)}; needed is {asked.wants.value}{cure}"
