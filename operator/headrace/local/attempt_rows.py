"""
The rows of attempts in the store: a record as a row, and back.

Knows the columns. Reads and writes nothing.
"""

import json
from typing import Any, Final

from headrace.api.checks.instants import read_time, write_time
from headrace.api.v1alpha1.approval import ApprovalRequest
from headrace.api.v1alpha1.reasons import Reason
from headrace.local.records import AttemptRecord, ForcedEnd, StoredAnswer

OF_A_RUN: Final = (
    "SELECT task, number, created, memory, time_limit, doom_reason, doom_message, env, wait_until,"
    " asked, answer FROM attempt WHERE run = ? ORDER BY task, number"
)
"""Reads all attempts of a run, for `record_of`."""

ADD: Final = (
    "INSERT INTO attempt (run, task, number, created, memory, time_limit, env, wait_until, asked)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
"""Adds an attempt, from `row_of`. An attempt that begins has no forced end and no answer."""


def row_of(run: str, record: AttemptRecord) -> tuple[Any, ...]:
    """Return the values of a new attempt's columns."""
    until, asked = record.wait_until, record.asked
    return (
        run,
        record.task,
        record.number,
        write_time(record.created),
        record.memory,
        record.limit,
        json.dumps(dict(record.env)),
        None if until is None else write_time(until),
        None if asked is None else asked.model_dump_json(by_alias=True, exclude_unset=True),
    )


def record_of(row: tuple[Any, ...]) -> AttemptRecord:
    """Return the attempt of a row."""
    task, number, created, memory, limit, reason, message, env, until, asked, answer = row
    return AttemptRecord(
        task,
        number,
        read_time(created),
        memory,
        limit,
        ForcedEnd(Reason(reason), message) if reason else None,
        json.loads(env),
        None if until is None else read_time(until),
        asked=None if asked is None else ApprovalRequest.model_validate_json(asked),
        answer=read_answer(answer),
    )


def written(answer: StoredAnswer | None) -> str | None:
    """Return an answer as text."""
    if answer is None:
        return None
    parts = {"choice": answer.choice, "by": answer.by, "comment": answer.comment}
    return json.dumps({**parts, "at": write_time(answer.at)})


def read_answer(text: str | None) -> StoredAnswer | None:
    """Read the result of `written`."""
    if text is None:
        return None
    parts = json.loads(text)
    return StoredAnswer(**{**parts, "at": read_time(parts["at"])})
