"""
The wire format of protocol buffers, in which the CEL library gives and takes syntax trees.

Knows fields by number (https://protobuf.dev/programming-guides/encoding), not what they mean.
"""

from collections.abc import Iterator

VARINT, FIXED_64, BYTES, FIXED_32 = 0, 1, 2, 5
FIXED_SIZES = {FIXED_64: 8, FIXED_32: 4}

Field = tuple[int, int | bytes]
"""A field's number, and its value: a whole number, or bytes."""


def fields(message: bytes) -> Iterator[Field]:
    """
    Yield a message's fields, in their order.

    Raises:
        ValueError: It is no message.

    """
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        number, kind = tag >> 3, tag & 7
        if kind == VARINT:
            value, at = _varint(message, at)
            yield number, value
            continue
        if kind == BYTES:
            size, at = _varint(message, at)
        elif kind in FIXED_SIZES:
            size = FIXED_SIZES[kind]
        else:
            raise ValueError(f"there is no kind {kind} of field")
        yield number, message[at : at + size]
        at += size


def whole(number: int, value: int) -> bytes:
    """Write a field that holds a whole number, which is not negative."""
    return _written(number << 3 | VARINT) + _written(value)


def framed(number: int, value: bytes) -> bytes:
    """Write a field that holds bytes: a text or a message."""
    return _written(number << 3 | BYTES) + _written(len(value)) + value


def signed(value: int) -> int:
    """Read a whole number of 64 bits as one with a sign."""
    return value - (1 << 64) if value >> 63 else value


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(message):
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return value, at
    raise ValueError("the message ends within a number")


def _written(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:  # noqa: PLR2004 - what one byte of the format holds
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
