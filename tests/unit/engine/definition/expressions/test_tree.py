"""Syntax trees and their form on the wire: `…expressions.tree` and `…expressions.tree_wire`."""

import pytest

from headrace.engine.definition.expressions import cel, tree_wire
from headrace.engine.definition.expressions.tree import Node, rebuilt

SOURCES = (
    "1 + 2 * -3",
    "params.x == null ? [1, 2.5, 'a', b'b', 3u, true] : {'k': params['y'].z}",
    "has(params.x) && params.l.exists_one(x, x in [1, 2])",
    "params.l.map(x, x > 1, x.f(2)).filter(y, !y)",
    "google.protobuf.Value{string_value: 'x'}",
)


@pytest.mark.parametrize("source", SOURCES)
def test_a_tree_that_was_written_is_the_same_when_read(source: str) -> None:
    """All kinds of nodes."""
    parsed = cel.parse(source)
    assert parsed.root == tree_wire.read(tree_wire.write(parsed.root)).root


@pytest.mark.parametrize("source", SOURCES)
def test_a_tree_that_was_rebuilt_without_change_is_the_same(source: str) -> None:
    """Each node passes through the change."""

    def same(node: Node) -> Node:
        return rebuilt(node, same)

    root = cel.parse(source).root
    assert root == same(root)


def test_offsets_count_characters() -> None:
    """An operator stands where its sign is."""
    parsed = cel.parse("'é😀' + params.x")
    assert 5 == parsed.offset(parsed.root)


@pytest.mark.parametrize("wire", [b"", b"\x0a\x01x", b"\x80", b"\x0b"])
def test_what_is_no_tree_is_refused(wire: bytes) -> None:
    """The library wrote something else."""
    with pytest.raises(ValueError, match=r"no parsed expression|ends within|no kind"):
        tree_wire.read(wire)
