"""
The rows of attempts in the store: a record as a row, and back.

Knows the columns. Reads and writes nothing.
"""

import json
from typing import Any, Final

from headrace.api.checks.instants import read_time, write_time
from headrace.api.v1alpha1.reasons import Reason
from headrace.local.records import AttemptRecord, ForcedEnd

OF_A_RUN: Final = (
    "SELECT task, number, created, memory, time_limit, doom_reason, doom_message, env, wait_until"
    " FROM attempt WHERE run = ? ORDER BY task, number"
)
"""Reads all attempts of a run, for `record_of`."""

ADD: Final = (
    "INSERT INTO attempt (run, task, number, created, memory, time_limit, env, wait_until)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
"""Adds an attempt, from `row_of`. An attempt that begins has no forced end."""


def row_of(run: str, record: AttemptRecord) -> tuple[Any, ...]:
    """Return the values of a new attempt's columns."""
    until = record.wait_until
    return (
        run,
        record.task,
        record.number,
        write_time(record.created),
        record.memory,
        record.limit,
        json.dumps(dict(record.env)),
        None if until is None else write_time(until),
    )


def record_of(row: tuple[Any, ...]) -> AttemptRecord:
    """Return the attempt of a row."""
    task, number, created, memory, limit, reason, message, env, until = row
    return AttemptRecord(
        task,
        number,
        read_time(created),
        memory,
        limit,
        ForcedEnd(Reason(reason), message) if reason else None,
        json.loads(env),
        None if until is None else read_time(until),
    )
