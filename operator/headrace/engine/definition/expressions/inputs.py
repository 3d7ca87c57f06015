"""
Values of names as the library takes them.

It takes instants as values of its own variables, and not within lists and mappings. So they reach
it as text, and the paths that lead to them become `timestamp(path)`. It cuts texts at a null
character: they are refused.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from headrace.engine.definition.expressions.paths import Path, free_paths
from headrace.engine.definition.expressions.tree import (
    INDEX,
    Call,
    Ident,
    Node,
    Select,
    Tree,
    rebuilt,
)
from headrace.engine.definition.expressions.words import shown

NULL = "\x00"


class InputError(ValueError):
    """A value cannot be read. The text says which."""


def instants(tree: Tree, data: Mapping[str, Any]) -> frozenset[int]:
    """Return the ids of the nodes whose values are instants."""
    found = (_instant(path, data) for path in free_paths(tree.root))
    return frozenset(node.id for node in found if node is not None)


def converted(node: Node, instants: frozenset[int]) -> Node:
    """Return a tree in which the texts of instants become timestamps."""
    whole = rebuilt(node, lambda child: converted(child, instants))
    if node.id in instants and _has_value(node):
        return Call(node.id, "timestamp", (whole,))
    return whole


def written(value: Any) -> Any:
    """
    Return a value with all instants as text.

    Raises:
        InputError: There is a text in it that the library would change.

    """
    if isinstance(value, Mapping):
        return {written(key): written(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [written(each) for each in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str) and not _whole(value):
        raise InputError(f"reads a text with a null character, or half of one: {shown(value)}")
    return value


def _whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return NULL not in text


def _has_value(node: Node) -> bool:
    """Tell a step of a path from what asks for it: `default` gives both one id."""
    match node:
        case Select(tests=tests):
            return not tests
        case Call(function=function):
            return function == INDEX
    return isinstance(node, Ident)


def _instant(path: Path, data: Mapping[str, Any]) -> Node | None:
    value = data.get(path.root)
    for node, step in zip(path.nodes[1:], path.steps, strict=True):
        value = value.get(step) if isinstance(value, Mapping) else None
        if isinstance(value, datetime):
            return node
    return path.nodes[0] if isinstance(value, datetime) else None
