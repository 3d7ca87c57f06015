"""
Equality of values as CEL defines it: numbers of all kinds are one, and true is no number.

From https://github.com/google/cel-spec/blob/master/doc/langdef.md#equality.
"""

from collections.abc import Hashable
from typing import Any


def identity(value: Any) -> Hashable:
    """Return what is equal for equal values, and for no others."""
    if isinstance(value, bool):
        return (bool, value)
    if isinstance(value, list):
        return (list, tuple(map(identity, value)))
    if isinstance(value, dict):
        pairs = frozenset((identity(key), identity(each)) for key, each in value.items())
        return (dict, pairs)
    if isinstance(value, bytearray):
        return (bytes, bytes(value))
    return value  # type: ignore[no-any-return]
