"""
The two files of an item: the item itself, and all about it. The same in a pod and for a process.

Knows their paths in a container, and the variables that name them. Knows no pod and no folder.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from headrace.api.checks.param_kinds import Value
from headrace.engine.definition.item_texts import unfit

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


def too_large(items: Sequence[Any], params: Mapping[str, Value]) -> str | None:
    """Return the problem of items whose files are too large; None: they fit."""
    problem = unfit(items, params)
    return None if problem is None else f"forEach: {problem}"
