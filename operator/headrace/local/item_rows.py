"""
The rows of items in the store: the items of tasks, those that attempts run, and their forced ends.

Knows the columns. Reads and writes nothing.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.definition.expressions.results import as_text
from headrace.engine.places import Places
from headrace.local.records import AttemptRecord, ForcedEnd, ItemsRecord

Row = tuple[Any, ...]

ITEMS: Final = "SELECT task, items FROM items WHERE run = ?"
TODO: Final = "SELECT task, number, todo FROM item_attempt WHERE run = ?"
ENDS: Final = "SELECT task, number, item, reason, message FROM item_end WHERE run = ?"
"""Each reads the rows of a run, for `with_items`."""

ADD_ITEMS: Final = "INSERT OR IGNORE INTO items (run, task, items) VALUES (?, ?, ?)"
"""Adds the items of a task once, from `items_rows`: all its attempts have the same ones."""
ADD_TODO: Final = "INSERT INTO item_attempt (run, task, number, todo) VALUES (?, ?, ?, ?)"
"""Adds the items that an attempt runs, from `todo_rows`."""
ADD_END: Final = (
    "INSERT OR REPLACE INTO item_end (run, task, number, item, reason, message)"
    " VALUES (?, ?, ?, ?, ?, ?)"
)
"""Adds why headrace ended an item."""

TABLES: Final = ("item_end", "item_attempt", "items")
"""The tables of items. Their rows go with the run's."""


def items_rows(run: str, records: Iterable[AttemptRecord]) -> Iterator[Row]:
    """Yield the rows for `ADD_ITEMS`."""
    for record in records:
        if record.items is not None:
            yield run, record.task, json.dumps(list(record.items.items), default=_time)


def todo_rows(run: str, records: Iterable[AttemptRecord]) -> Iterator[Row]:
    """Yield the rows for `ADD_TODO`."""
    for record in records:
        if record.items is not None:
            yield run, record.task, record.number, str(record.items.todo)


def with_items(
    records: Iterable[AttemptRecord],
    items: Iterable[Row],
    todo: Iterable[Row],
    ends: Iterable[Row],
) -> Iterator[AttemptRecord]:
    """Yield the attempts of a run with their items, if they have any, from the rows of the run."""
    known = {task: json.loads(text) for task, text in items}
    places = {(task, number): text for task, number, text in todo}
    ended: dict[tuple[str, int], dict[int, ForcedEnd]] = {}
    for task, number, item, reason, message in ends:
        ended.setdefault((task, number), {})[item] = ForcedEnd(Reason(reason), message)
    for record in records:
        attempt = (record.task, record.number)
        if attempt not in places:
            yield record
            continue
        all_ = known[record.task]
        runs = Places.read(places[attempt], len(all_))
        yield replace(record, items=ItemsRecord(all_, runs, ended.get(attempt, {})))


def _time(value: Any) -> str:
    """Return a time as its text: an item's files have it as text anyway."""
    assert isinstance(value, datetime)  # noqa: S101 - all else is JSON
    return as_text(value)
