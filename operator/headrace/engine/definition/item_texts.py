"""
What the program of an item is given: the item, and all about it. Whether all of it fits.

Knows items and parameters. Knows no files, and no objects of Kubernetes.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from headrace.api.checks.param_kinds import Value
from headrace.engine.definition.expressions.results import as_text

LARGEST: Final = 8 * 1024 * 1024
"""The most bytes of the files of all items."""

LARGEST_ITEM: Final = 512 * 1024
"""The most bytes of the files of one item."""

_CURE: Final = "give smaller items, such as addresses of data, or smaller parameters"


def item_text(item: Any) -> str:
    """Return an item as its own file has it: a text, a number or a time plain, all else as JSON."""
    return "null" if item is None else as_text(item)


def task_text(item: Any, index: int, params: Mapping[str, Value]) -> str:
    """Return the file with all about an item: one JSON object."""
    return _json({"item": item, "index": index, "params": dict(params)})


def texts(items: Sequence[Any], params: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    """Yield the two texts of each item."""
    for index, item in enumerate(items):
        yield item_text(item), task_text(item, index, params)


def sizes(items: Sequence[Any], params: Mapping[str, Value]) -> Iterator[int]:
    """
    Yield the bytes of both texts of each item.

    The parameters are written once, not once for each of 10,000 items.
    """
    shared = _shared(params)
    for index, item in enumerate(items):
        yield shared + _bytes(_json(item)) + len(str(index)) + _bytes(item_text(item))


def least(count: int, params: Mapping[str, Value]) -> int:
    """Return a number of bytes that the texts of so many items have at least."""
    return count * _shared(params)


def unfit(items: Sequence[Any], params: Mapping[str, Value]) -> str | None:
    """Return the problem of items whose files are too large; None: they fit."""
    total = 0
    for index, size in enumerate(sizes(items, params)):
        if size > LARGEST_ITEM:
            return (
                f"the files of item {index} have {size:,} bytes, the item twice and the run's"
                f" parameters once; at most {LARGEST_ITEM:,}: {_CURE}"
            )
        total += size
    if total <= LARGEST:
        return None
    return (
        f"the files of {len(items):,} items have {total:,} bytes, each item twice and the run's"
        f" parameters once for each; at most {LARGEST:,}: {_CURE}"
    )


def _shared(params: Mapping[str, Value]) -> int:
    """Return the bytes that are the same for each item."""
    return _bytes(task_text(0, 0, params)) - 2 * len("0")


def _bytes(text: str) -> int:
    return len(text.encode(errors="replace"))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_time)


def _time(value: Any) -> str:
    assert isinstance(value, datetime)  # noqa: S101 - all else is JSON
    return as_text(value)
