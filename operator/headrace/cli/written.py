"""
The objects of a file as somebody has written them, and their places.

Knows which objects are Headrace's. Checks nothing; a light module.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from headrace.api.v1alpha1.group import API_VERSION


@dataclass(frozen=True, slots=True)
class Written:
    """One object of a file."""

    file: str
    line: int
    value: Any


def objects_of(file: str, line: int, value: Any) -> Iterator[Written]:
    """Yield the objects of a document that are Headrace's; of a `kind: List`, those in it."""
    if not isinstance(value, Mapping):
        return
    items = value.get("items")
    if value.get("kind") == "List" and isinstance(items, list):
        for item in items:
            yield from objects_of(file, line, item)
    elif value.get("apiVersion") == API_VERSION:
        yield Written(file, line, value)
