"""
The wire format of protocol buffers, in which the CEL library gives and takes syntax trees.

Knows fields by number (https://protobuf.dev/programming-guides/encoding), not what they mean.
"""

VARINT, FIXED_64, BYTES, FIXED_32 = 0, 1, 2, 5
CONTINUED = 0x80
"""Added to a byte of a number, where another one follows. Each holds seven bits, the lowest
first."""

FIXED_SIZES = {FIXED_64: 8, FIXED_32: 4}

Message = dict[int, list[int | bytes]]
"""By a field's number: its values, whole numbers or bytes, in their order."""


def fields(wire: bytes) -> Message:
    """
    Return a message's fields.

    Raises:
        ValueError: It is no message.

    """
    found: Message = {}
    at = 0
    while at < len(wire):
        tag, at = _varint(wire, at)
        kind = tag & 7
        value: int | bytes
        if kind == VARINT:
            value, at = _varint(wire, at)
        else:
            size, at = _varint(wire, at) if kind == BYTES else (_fixed_size(kind), at)
            value = wire[at : at + size]
            at += size
        found.setdefault(tag >> 3, []).append(value)
    return found


def whole(number: int, value: int) -> bytes:
    """Write a field that holds a whole number, which is not negative."""
    return _written(number << 3 | VARINT) + _written(value)


def framed(number: int, value: bytes) -> bytes:
    """Write a field that holds bytes: a text or a message."""
    return _written(number << 3 | BYTES) + _written(len(value)) + value


def signed(value: int) -> int:
    """Read a whole number of 64 bits as one with a sign."""
    return value - (1 << 64) if value >> 63 else value


def _fixed_size(kind: int) -> int:
    if kind not in FIXED_SIZES:
        raise ValueError(f"there is no kind {kind} of field")
    return FIXED_SIZES[kind]


def _varint(wire: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(wire):
        byte = wire[at]
        at += 1
        if byte < CONTINUED:
            return value | byte << shift, at
        value |= (byte - CONTINUED) << shift
        shift += 7
    raise ValueError("the message ends within a number")


def _written(value: int) -> bytes:
    out = bytearray()
    while value >= CONTINUED:
        out.append(value % CONTINUED + CONTINUED)
        value >>= 7
    out.append(value)
    return bytes(out)
