"""
The outputs of a task's items, in the order of their indexes, as far as they have room.

Knows how much a status may hold. Knows no attempt.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from headrace.engine.task.classify import Success, classify
from headrace.engine.task.items import ItemsLog
from headrace.engine.task.observed import SeenItems

LARGEST: Final = 256 * 1024
"""The most bytes that the outputs of all items have as JSON."""

ITEMS: Final = "items"
"""The list of outputs: an object, or null for an item without outputs."""
COUNT: Final = "count"
"""How many items have outputs."""
NOTE: Final = "note"
"""Why there is no list."""


def gathered(
    before: Mapping[str, Any] | None, seen: SeenItems | None, items: ItemsLog
) -> Mapping[str, Any] | None:
    """
    Add the outputs of the newest attempt's items to those on record.

    Args:
        before: The outputs on record; None: there are none.
        seen: The items of the newest attempt in the world.
        items: All items; those of the attempt that ended are judged.

    Returns: The outputs, or their number if they have no room; None: no item has any.

    """
    new = _new(seen, items) if seen is not None else {}
    if not new:
        return before
    if before is not None and ITEMS not in before:
        return {**before, COUNT: before.get(COUNT, 0) + len(new)}
    listed = list((before or {}).get(ITEMS, ())) or [None] * items.total
    for index, outputs in new.items():
        listed[index] = outputs
    count = sum(outputs is not None for outputs in listed)
    size = len(json.dumps(listed, ensure_ascii=False, separators=(",", ":")).encode())
    if size <= LARGEST:
        return {ITEMS: listed, COUNT: count}
    note = (
        f"the outputs of the items have more than {LARGEST:,} bytes as JSON, so they are not kept;"
        " write less, or put the values into storage"
    )
    return {COUNT: count, NOTE: note}


def readable(outputs: Mapping[str, Any] | None, items: ItemsLog) -> dict[str, Any]:
    """Return the outputs as expressions see them: the list is there also if all of it is null."""
    return {ITEMS: [None] * items.total, COUNT: 0} if outputs is None else dict(outputs)


def _new(seen: SeenItems, items: ItemsLog) -> dict[int, Mapping[str, Any]]:
    """Return the outputs of the attempt's items that succeeded, by index."""
    found = {index: seen.ended[index] for index in items.succeeded.among(seen.ended)}
    ends = ((index, classify(end)) for index, end in found.items() if end.output or end.answer)
    return {
        index: end.outputs
        for index, end in ends
        if isinstance(end, Success) and end.outputs is not None
    }
