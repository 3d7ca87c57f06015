"""
Syntax trees in the form of the CEL library (cel.expr.ParsedExpr in github.com/google/cel-spec).

Knows the numbers of fields. Does not know what a tree means.
"""

from typing import cast

from headrace.engine.definition.expressions.tree import (
    Call,
    Const,
    Entry,
    Fold,
    Ident,
    Listing,
    Mapped,
    Node,
    Select,
    Tree,
)
from headrace.engine.definition.expressions.wire import Message, fields, framed, signed, whole

PARSED = b"type.googleapis.com/cel.expr.ParsedExpr"
KEY_FIELD, KEY = 2, 3  # Of an entry: a message's field, or a mapping's key.
ID, CONST, IDENT, SELECT, CALL, LIST, STRUCT, FOLD = 2, 3, 4, 5, 6, 7, 8, 9
INT, TEXT = 3, 6  # Kinds of constants.


def read(wire: bytes) -> Tree:
    """
    Read what the library wrote: a parsed expression.

    Raises:
        ValueError: It is none.

    """
    envelope = fields(wire)
    if envelope.get(1) != [PARSED]:
        raise ValueError("this is no parsed expression")
    parsed = fields(_bytes(envelope, 2))
    info = fields(_bytes(parsed, 3))
    entries = (fields(cast("bytes", entry)) for entry in info.get(4, ()))
    offsets = {_int(entry, 1): _int(entry, 2) for entry in entries}
    return Tree(_node(_bytes(parsed, 2)), offsets)


def write(node: Node) -> bytes:
    """Write a tree for the library."""
    return framed(1, PARSED) + framed(2, framed(2, _written(node)))


def _bytes(message: Message, number: int) -> bytes:
    return cast("bytes", message[number][-1]) if number in message else b""


def _int(message: Message, number: int) -> int:
    return cast("int", message[number][-1]) if number in message else 0


def _text(message: Message, number: int) -> str:
    return _bytes(message, number).decode()


def _node(wire: bytes) -> Node:
    message = fields(wire)
    at = _int(message, ID)
    kind = next((number for number in READERS if number in message), None)
    if kind is None:
        raise ValueError(f"node {at} is of no known kind")
    return READERS[kind](at, _bytes(message, kind))


def _child(message: Message, number: int) -> Node:
    return _node(_bytes(message, number))


def _all(message: Message, number: int) -> tuple[Node, ...]:
    return tuple(_node(cast("bytes", each)) for each in message.get(number, ()))


def _const(at: int, wire: bytes) -> Node:
    message = fields(wire)
    if TEXT in message:
        return Const(at, _text(message, TEXT), wire)
    return Const(at, signed(_int(message, INT)) if INT in message else None, wire)


def _ident(at: int, wire: bytes) -> Node:
    return Ident(at, _text(fields(wire), 1))


def _select(at: int, wire: bytes) -> Node:
    message = fields(wire)
    return Select(at, _child(message, 1), _text(message, 2), bool(_int(message, 3)))


def _call(at: int, wire: bytes) -> Node:
    message = fields(wire)
    target = _child(message, 1) if 1 in message else None
    return Call(at, _text(message, 2), _all(message, 3), target)


def _list(at: int, wire: bytes) -> Node:
    return Listing(at, _all(fields(wire), 1))


def _struct(at: int, wire: bytes) -> Node:
    message = fields(wire)
    return Mapped(
        at, _text(message, 1), tuple(_entry(cast("bytes", each)) for each in message.get(2, ()))
    )


def _entry(wire: bytes) -> Entry:
    message = fields(wire)
    key = _child(message, KEY) if KEY in message else _text(message, KEY_FIELD)
    return Entry(_int(message, 1), key, _child(message, 4))


def _fold(at: int, wire: bytes) -> Node:
    message = fields(wire)
    return Fold(
        at,
        item=_text(message, 1),
        source=_child(message, 2),
        accumulator=_text(message, 3),
        start=_child(message, 4),
        condition=_child(message, 5),
        step=_child(message, 6),
        result=_child(message, 7),
    )


READERS = {
    CONST: _const,
    IDENT: _ident,
    SELECT: _select,
    CALL: _call,
    LIST: _list,
    STRUCT: _struct,
    FOLD: _fold,
}


def _written(node: Node) -> bytes:
    kind, body = _body(node)
    return whole(ID, node.id) + framed(kind, body)


def _body(node: Node) -> tuple[int, bytes]:
    """Return the number of a node's kind, and the fields of this kind."""
    match node:
        case Const():
            kind, body = CONST, node.wire
        case Ident():
            kind, body = IDENT, framed(1, node.name.encode())
        case Select():
            named = framed(1, _written(node.operand)) + framed(2, node.field.encode())
            kind, body = SELECT, named + whole(3, int(node.tests))
        case Call():
            target = b"" if node.target is None else framed(1, _written(node.target))
            args = b"".join(framed(3, _written(each)) for each in node.args)
            kind, body = CALL, target + framed(2, node.function.encode()) + args
        case Listing():
            kind, body = LIST, b"".join(framed(1, _written(each)) for each in node.elements)
        case Mapped():
            entries = b"".join(framed(2, _written_entry(each)) for each in node.entries)
            kind, body = STRUCT, framed(1, node.message.encode()) + entries
        case Fold():
            kind, body = FOLD, _written_fold(node)
    return kind, body


def _written_entry(entry: Entry) -> bytes:
    key = entry.key
    named = framed(2, key.encode()) if isinstance(key, str) else framed(3, _written(key))
    return whole(1, entry.id) + named + framed(4, _written(entry.value))


def _written_fold(fold: Fold) -> bytes:
    return (
        framed(1, fold.item.encode())
        + framed(2, _written(fold.source))
        + framed(3, fold.accumulator.encode())
        + framed(4, _written(fold.start))
        + framed(5, _written(fold.condition))
        + framed(6, _written(fold.step))
        + framed(7, _written(fold.result))
    )
