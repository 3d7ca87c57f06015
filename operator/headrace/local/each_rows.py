"""
The rows of items without programs in the store: their values, and the questions about them.

Knows the columns. Reads and writes nothing.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from headrace.api.checks.instants import read_time, write_time
from headrace.api.v1alpha1.approval import ApprovalRequest
from headrace.local.attempt_rows import read_answer, written
from headrace.local.records import AttemptRecord, EachRecord, ItemQuestion

Row = tuple[Any, ...]

EACH: Final = "SELECT task, work FROM item_work WHERE run = ?"
QUESTIONS: Final = (
    "SELECT task, number, item, created, asked, answer FROM item_question WHERE run = ?"
)
"""Each reads the rows of a run, for `with_each`."""

ADD_EACH: Final = "INSERT OR IGNORE INTO item_work (run, task, work) VALUES (?, ?, ?)"
"""Adds the work of a task's items once, from `each_rows`: all its attempts have the same."""
ADD_QUESTION: Final = (
    "INSERT INTO item_question (run, task, number, item, created, asked) VALUES (?, ?, ?, ?, ?, ?)"
)
"""Adds a question about an item, from `question_rows`."""

TABLES: Final = ("item_question", "item_work")
"""The tables. Their rows go with the run's."""


def each_rows(run: str, records: Iterable[AttemptRecord]) -> Iterator[Row]:
    """Yield the rows for `ADD_EACH`."""
    for record in records:
        if record.each is not None:
            yield run, record.task, _written(record.each)


def question_rows(
    run: str, record: AttemptRecord, questions: Mapping[int, ItemQuestion]
) -> Iterator[Row]:
    """Yield the rows for `ADD_QUESTION`."""
    for index, each in questions.items():
        place = run, record.task, record.number, index
        yield *place, write_time(each.created), _question(each.asked)


def answered(run: str, record: AttemptRecord) -> tuple[str, Row]:
    """Return how to store what somebody answered to a task, or about an item: words and values."""
    change = "SET answer = ? WHERE run = ? AND task = ? AND number = ?"
    row = written(record.answer), run, record.task, record.number
    if record.index is None:
        return f"UPDATE attempt {change}", row
    return f"UPDATE item_question {change} AND item = ?", (*row, record.index)


def with_each(
    records: Iterable[AttemptRecord], each: Iterable[Row], questions: Iterable[Row]
) -> Iterator[AttemptRecord]:
    """Yield the attempts of a run with the work of their items, from the rows of the run."""
    known = {task: _read(text) for task, text in each}
    asked: dict[tuple[str, int], dict[int, ItemQuestion]] = {}
    for task, number, item, time, words, answer in questions:
        request = ApprovalRequest.model_validate_json(words)
        question = ItemQuestion(read_time(time), request, read_answer(answer))
        asked.setdefault((task, number), {})[item] = question
    for record in records:
        own = known.get(record.task)
        if own is None:
            yield record
        else:
            mine = asked.get((record.task, record.number), {})
            yield replace(record, each=replace(own, questions=mine))


def _written(each: EachRecord) -> str:
    return json.dumps(
        {
            "total": each.total,
            "ends": [write_time(end) for end in each.ends],
            "params": dict(each.params),
            "asked": None if each.asked is None else _question(each.asked),
            "digest": each.digest,
            "given": {path: list(values) for path, values in each.given.items()},
        }
    )


def _read(text: str) -> EachRecord:
    found = json.loads(text)
    ends, words = [read_time(end) for end in found["ends"]], found["asked"]
    asked = None if words is None else ApprovalRequest.model_validate_json(words)
    return EachRecord(found["total"], ends, found["params"], asked, found["given"], found["digest"])


def _question(asked: ApprovalRequest) -> str:
    return asked.model_dump_json(by_alias=True, exclude_unset=True)
