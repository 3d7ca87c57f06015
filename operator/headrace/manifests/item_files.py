"""
The two files of an item: the item itself, and all about it. The same in a pod and for a process.

Knows items and parameters. Knows no pod and no folder.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from headrace.engine.definition.expressions.results import as_text
from headrace.engine.definition.params import Value

LARGEST: Final = 8 * 1024 * 1024
"""The most bytes of the files of all items."""

LARGEST_ITEM: Final = 512 * 1024
"""The most bytes of the files of one item."""

_CURE: Final = "give smaller items, such as addresses of data, or smaller parameters"

ITEM_FILE: Final = "HEADRACE_ITEM_FILE"
TASK_FILE: Final = "HEADRACE_TASK_FILE"
INDEX: Final = "HEADRACE_INDEX"
"""The names of the variables that only a task with forEach has."""

ITEM_PATH: Final = "/headrace/item"
TASK_PATH: Final = "/headrace/task.json"
"""The paths of both files in a container."""


def variables(index: int, item_file: str, task_file: str) -> dict[str, str]:
    """Return the variables that tell a process its item: its index, and the paths of its files."""
    return {INDEX: str(index), ITEM_FILE: item_file, TASK_FILE: task_file}


def item_text(item: Any) -> str:
    """Return an item as its own file has it: a text, a number or a time plain, all else as JSON."""
    return "null" if item is None else as_text(item)


def task_text(item: Any, index: int, params: Mapping[str, Value]) -> str:
    """Return the file with all about an item: one JSON object."""
    about = {"item": item, "index": index, "params": dict(params)}
    return json.dumps(about, ensure_ascii=False, default=_time)


def files(items: Sequence[Any], params: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    """Yield the two files of each item."""
    for index, item in enumerate(items):
        yield item_text(item), task_text(item, index, params)


def too_large(items: Sequence[Any], params: Mapping[str, Value]) -> str | None:
    """Return the problem of items whose files are too large; None: they fit."""
    total = 0
    for index, texts in enumerate(files(items, params)):
        size = sum(len(text.encode()) for text in texts)
        if size > LARGEST_ITEM:
            return (
                f"forEach: the files of item {index} have {size:,} bytes, the item twice and the"
                f" run's parameters once; at most {LARGEST_ITEM:,}: {_CURE}"
            )
        total += size
    if total <= LARGEST:
        return None
    return (
        f"forEach: the files of {len(items):,} items have {total:,} bytes, each item twice and the"
        f" run's parameters once for each; at most {LARGEST:,}: {_CURE}"
    )


def _time(value: Any) -> str:
    assert isinstance(value, datetime)  # noqa: S101 - all else is JSON
    return as_text(value)
