"""
Decodes JSON however deep it is nested.

The API server takes up to 10,000 levels in the fields that no schema describes. msgspec stops at
Python's limit, and one such object would hide all others of its list. Knows no kind of object.
"""

import re
from typing import Final, TypeVar

import msgspec

T = TypeVar("T")

MOST: Final = 200
"""Levels that are kept: more than the API allows, so that its reader refuses what had more."""

_TOKEN: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[{]|[\]}]')
_OPEN, _CLOSE = b"[{", b"]}"


def decode(decoder: msgspec.json.Decoder[T], body: bytes | msgspec.Raw) -> T:
    """
    Decode JSON. Of what is nested too deep for Python, the innermost levels are left out.

    Raises:
        msgspec.DecodeError: This is no JSON, or not of the decoder's type.

    """
    try:
        return decoder.decode(body)
    except RecursionError:
        return decoder.decode(shallow(bytes(body)))


def shallow(body: bytes) -> bytes:
    """Return JSON with `null` for each object and list that is nested more than MOST levels."""
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
