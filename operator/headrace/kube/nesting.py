"""
Decodes JSON of any depth.

The API server accepts up to 10,000 levels in fields without a schema. msgspec stops at Python's
limit, and one such object would hide all others of its list. Knows no kind of object.
"""

import re
from typing import Final, TypeVar

import msgspec

T = TypeVar("T")

MOST: Final = 200
"""How many levels are kept: more than our API allows, so that its reader refuses deeper objects."""

_TOKEN: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[{]|[\]}]')
_OPEN, _CLOSE = b"[{", b"]}"


def decode(decoder: msgspec.json.Decoder[T], body: bytes | msgspec.Raw) -> T:
    """
    Decode JSON. Levels too deep for Python are left out.

    Raises:
        msgspec.DecodeError: The text is no JSON, or not of the decoder's type.

    """
    try:
        return decoder.decode(body)
    except RecursionError:
        return decoder.decode(shallow(bytes(body)))


def shallow(body: bytes) -> bytes:
    """Return JSON with `null` for each object and list below MOST levels."""
    kept = bytearray()
    depth = at = 0
    for token in _TOKEN.finditer(body):
        if token[0] in _OPEN:
            if depth == MOST:
                kept += body[at : token.start()] + b"null"
            depth += 1
        elif token[0] in _CLOSE:
            depth -= 1
            if depth == MOST:
                at = token.end()
    if depth:
        raise msgspec.DecodeError("brackets without end")
    return bytes(kept + body[at:])
