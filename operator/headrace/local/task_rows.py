"""
The rows of tasks: new ones, and those whose results later runs can have.

Knows the columns. Reads and writes nothing.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from headrace.api.checks.instants import write_time
from headrace.engine.task.observed import TaskLog
from headrace.manifests.conditions import Past
from headrace.manifests.task_status import task_status

ADD: Final = (
    "INSERT OR IGNORE INTO task (run, name, created, status, cache_hash) VALUES (?, ?, ?, ?, ?)"
)

HASHES: Final = "SELECT name, cache_hash FROM task WHERE run = ? AND cache_hash IS NOT NULL"

RESULTS: Final = (
    "SELECT run.name, task.status FROM task JOIN run ON run.name = task.run"
    " WHERE task.cache_hash = ? AND run.namespace = ? AND run.workflow = ?"
    " AND json_extract(task.status, '$.outcome') = 'Succeeded'"
    " ORDER BY task.created DESC LIMIT ?"
)
"""Reads the newest results, by the index of the hash."""


def rows_of(
    run: str, logs: Mapping[str, TaskLog | None], found_by: Mapping[str, str], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of new tasks, each with its first log if it has one."""
    for name, log in logs.items():
        status = {} if log is None else task_status(log, Past(now))
        yield run, name, write_time(now), json.dumps(status), found_by.get(name)
