"""
A run as plain lines: time, task, event. For logs, pipes and terminals without a cursor.

Knows which events it has printed, and prints the new ones.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from headrace.api.v1alpha1.reasons import Reason
from headrace.cli.display import opening
from headrace.cli.rows import Items, Row, Tone, length, rows
from headrace.cli.streams import complain
from headrace.cli.words import harmless
from headrace.engine.run.observed import ObservedRun
from headrace.engine.text import listed

_ENDINGS = {Tone.GOOD: "succeeded", Tone.BAD: "failed", Tone.OFF: "did not run"}
_MANY = 10
"""How many items a task has at least for lines on its way."""
_NAMED = 3
"""How many tasks a line names."""


class Lines:
    """Prints a line for each event of a task."""

    def __init__(self, stream: TextIO = sys.stdout) -> None:
        self._stream = stream
        self._heard = True
        self._lost = False
        self._said: dict[str, Row] = {}
        self._width = 0

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End."""

    def open(self, run: ObservedRun, now: datetime, logs: Path) -> None:
        """Print the run's name; of a resumed run, also the tasks that run."""
        self._print(opening(run, logs))
        all_rows = list(rows(run, now))
        self._width = max(len(row.task) for row in all_rows)
        for row in all_rows:
            seen = run.tasks.get(row.task)
            if seen is None:
                continue
            if seen.log.outcome is not None and row.ended:
                self._said[row.task] = row
            elif seen.sighting is not None and seen.sighting.alive:
                self._tell(row, f"still runs (attempt {row.attempts})")
                self._said[row.task] = row
            else:  # its attempts are known; the end of the last one may be new
                known = seen.log.count
                self._said[row.task] = replace(row, tone=Tone.WAITING, status="", attempts=known)

    def show(self, run: ObservedRun, now: datetime) -> None:
        """Print new events."""
        all_rows = list(rows(run, now))
        self._width = max(len(row.task) for row in all_rows)
        for row in all_rows:
            for text in _news(self._said.get(row.task), row):
                self._tell(row, text)
        queue = [row for row in all_rows if _is_queued(self._said.get(row.task), row)]
        if queue:
            self._print(_queue(queue))
        self._said = {row.task: row for row in all_rows}

    def say(self, text: str) -> None:
        """Print one sentence."""
        self._print(text)

    def ask(self, lines: Iterable[str]) -> None:
        """Print a question."""
        for line in lines:
            self._print(line)

    def go_on(self) -> None:
        """Do nothing: lines are printed all the time."""

    def _tell(self, row: Row, text: str) -> None:
        self._print(f"{row.task:{self._width}}  {text}")

    def _print(self, text: str) -> None:
        if not self._heard:
            return
        line = f"{datetime.now().astimezone():%H:%M:%S}  {harmless(text)}"
        try:
            print(line, file=self._stream, flush=True)
        except BrokenPipeError:
            # Whoever read this has gone (`| head`); the run goes on without a listener.
            self._heard = False
        except OSError as error:  # a full disk, which may have room again before the end
            if not self._lost:
                self._lost = True
                complain(error)


def _news(before: Row | None, row: Row) -> Iterator[str]:
    """Return the line on the change of a task since the last call."""
    known = before.attempts if before is not None else 0
    if row.status == Reason.WAITING_FOR_TIME:
        if before is None or before.status != row.status:
            yield f"{row.status}: {row.message}"
    elif row.attempts > known:
        yield "started" if row.attempts == 1 else f"started attempt {row.attempts}"
    if before is not None and before.ended:
        return
    if row.ended:
        yield _ending(row)
    elif _is_ending_now(before, row) or _is_in_trouble_now(before, row):
        yield f"{row.status}: {row.message}"
    elif row.items is not None and _tenth(row.items) > _tenth(before.items if before else None):
        failed = f", {row.items.failed} failed" if row.items.failed else ""
        yield f"{row.items} items{failed}"


def _tenth(items: Items | None) -> int:
    """Return how many tenths of many items have ended."""
    return 0 if items is None or items.total < _MANY else 10 * items.ended // items.total


def _is_ending_now(before: Row | None, row: Row) -> bool:
    return row.ending and (before is None or not before.ending)


def _is_in_trouble_now(before: Row | None, row: Row) -> bool:
    new = before is None or not _is_trouble(before) or row.attempts > before.attempts
    return new and _is_trouble(row)


def _is_trouble(row: Row) -> bool:
    """Return whether an attempt failed and the next one has a slot."""
    return row.tone is Tone.TROUBLE and row.status != Reason.WAITING_FOR_SLOT


def _is_queued(before: Row | None, row: Row) -> bool:
    """Return whether a task has just begun to wait for a slot."""
    waits = row.status == Reason.WAITING_FOR_SLOT
    return waits and (before is None or before.status != row.status)


def _queue(queue: Sequence[Row]) -> str:
    """Print one line for all tasks that begin to wait for a slot: there may be thousands."""
    names = listed([row.task for row in queue], _NAMED)
    first = queue[0]
    return f"{names}: {first.status}: {first.message}"


def _ending(row: Row) -> str:
    what = _ENDINGS[row.tone]
    if row.tone is Tone.OFF and row.attempts:
        what = "was ended"
    if row.allowed:
        what += " (allowed)"
    if row.time is not None:
        what += f" after {length(row.time)}"
    why = row.message if row.tone is Tone.GOOD else f"{row.status}: {row.message}"
    return f"{what}: {why}".removesuffix(": ")
