"""
The type of an expression, from the types of what it reads.

The library types variables, and no fields by text in brackets. So each path of a known type is
replaced by a variable of this type, with spaces behind: all columns stay where they were.
"""

from headrace.engine.definition.expressions import cel
from headrace.engine.definition.expressions.lexical import LAST_LINK, PATH
from headrace.engine.definition.expressions.paths import Path, free_paths
from headrace.engine.definition.expressions.scope import kind_of
from headrace.engine.definition.expressions.tree import Tree
from headrace.engine.definition.expressions.types import ScopeTypes


def type_of(source: str, tree: Tree, types: ScopeTypes) -> str:
    """
    Return the library's name of the type: INT, LIST<DYN>, DYN (only evaluating will tell).

    Raises:
        CelError: The types do not fit.

    """
    return cel.type_of(typed(source, tree, types))


def typed(source: str, tree: Tree, types: ScopeTypes) -> str:
    """Return the source with variables in place of paths."""
    pieces: list[str] = []
    at = 0
    spans = (_span(source, tree, path, types) for path in free_paths(tree.root))
    for begin, end, variable in sorted(span for span in spans if span is not None):
        pieces += (source[at:begin], _padded(variable, source[begin:end]))
        at = end
    return "".join((*pieces, source[at:]))


def _span(source: str, tree: Tree, path: Path, types: ScopeTypes) -> tuple[int, int, str] | None:
    """Return where the typed part of a path begins and ends; None: it stays as it is."""
    known = kind_of(path, types)
    if known is None or path.tests:
        return None
    steps, kind = known
    begin = tree.offset(path.nodes[0])
    link = LAST_LINK.match(source, tree.offset(path.nodes[steps]))
    if link is None or not PATH.fullmatch(source, begin, link.end()):
        return None
    return begin, link.end(), cel.PLACEHOLDERS[kind]


def _padded(variable: str, written: str) -> str:
    """Write a variable over a text; lines end where they ended."""
    rest = written[len(variable) :]
    return variable + "".join("\n" if letter == "\n" else " " for letter in rest)
