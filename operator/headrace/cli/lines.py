"""
A run as plain lines: time, task, what happened. For logs, pipes and terminals without a cursor.

Knows what it has said, and says what is new.
"""

import sys
from collections.abc import Iterator
from datetime import datetime
from types import TracebackType
from typing import Self, TextIO

from headrace.cli.rows import Row, Tone, length, rows
from headrace.engine.run import ObservedRun

_ENDINGS = {Tone.GOOD: "succeeded", Tone.BAD: "failed", Tone.OFF: "did not run"}


class Lines:
    """Prints a line for each thing that happens to a task."""

    def __init__(self, stream: TextIO = sys.stdout) -> None:
        self._stream = stream
        self._heard = True
        self._said: dict[str, Row] = {}

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

    def show(self, run: ObservedRun, now: datetime) -> None:
        """Print what is new."""
        all_rows = list(rows(run, now))
        width = max(len(row.task) for row in all_rows)
        for row in all_rows:
            for text in _news(self._said.get(row.task), row):
                self._print(f"{row.task:{width}}  {text}")
            self._said[row.task] = row

    def say(self, text: str) -> None:
        """Print one sentence."""
        self._print(text)

    def _print(self, text: str) -> None:
        if not self._heard:
            return
        try:
            print(f"{datetime.now().astimezone():%H:%M:%S}  {text}", file=self._stream, flush=True)
        except BrokenPipeError:
            # Whoever read this has gone (`| head`); the run goes on without a listener.
            self._heard = False


def _news(before: Row | None, row: Row) -> Iterator[str]:
    """Say what happened to a task since it was looked at last."""
    known = before.attempts if before is not None else 0
    if row.attempts > known:
        yield "started" if row.attempts == 1 else f"started attempt {row.attempts}"
    if before is not None and before.ended:
        return
    if row.ended:
        yield _ending(row)
    elif row.tone is Tone.TROUBLE and (before is None or before.tone is not Tone.TROUBLE):
        yield f"{row.status}: {row.message}"


def _ending(row: Row) -> str:
    what = _ENDINGS[row.tone]
    if row.tone is Tone.OFF and row.attempts:
        what = "was ended"
    if row.seconds is not None:
        what += f" after {length(row.seconds)}"
    why = "" if row.tone is Tone.GOOD else f": {row.status}: {row.message}"
    return f"{what}{why}".removesuffix(": ")
