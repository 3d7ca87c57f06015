"""
The order in which macros walk over mappings.

The library's own order is another one each time, and the same inputs must give the same value. So a
macro walks over the sorted keys.
"""

from dataclasses import replace

from headrace.engine.definition.expressions.cel import SORTED_KEYS
from headrace.engine.definition.expressions.functions.function import Kind
from headrace.engine.definition.expressions.functions.table import FUNCTIONS
from headrace.engine.definition.expressions.tree import (
    CHOICE,
    Call,
    Fold,
    Ident,
    Listing,
    Node,
    rebuilt,
)

GIVE_LISTS = frozenset(
    each.name.rpartition(".")[2] for each in FUNCTIONS if each.result in (Kind.LIST, Kind.STRINGS)
)
"""The names of functions whose results are lists."""


def ordered(node: Node) -> Node:
    """Return a tree in which each macro that may walk over a mapping asks what it is."""
    whole = rebuilt(node, ordered)
    if not isinstance(whole, Fold) or _is_list(whole.source):
        return whole
    source = whole.source
    is_mapping = Call(
        source.id, "_==_", (Call(source.id, "type", (source,)), Ident(source.id, "map"))
    )
    keys = Call(source.id, SORTED_KEYS, (source,))
    return replace(whole, source=Call(source.id, CHOICE, (is_mapping, keys, source)))


def _is_list(node: Node) -> bool:
    return isinstance(node, Listing | Fold) or (
        isinstance(node, Call) and node.function in GIVE_LISTS
    )
