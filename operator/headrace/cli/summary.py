"""
The last words on a run: how it ended, what failed, and where to read on.

Knows the rows of a run and where logs lie. Knows no terminal.
"""

import os
import re
from collections import deque
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from headrace.cli.rows import Row, Tone, length, rows
from headrace.engine.run import ObservedRun
from headrace.local.folder import StateFolder

LOG_LINES: Final = 10
_MOST_TOLD: Final = 5
"""How many failed tasks are told with the end of their logs; of the others, where these are."""
_TAIL_BYTES: Final = 16_384
# Whatever a program printed to move the cursor or change colours must not do so twice.
_CONTROL: Final = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b.|[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def summary(run: ObservedRun, folder: StateFolder, now: datetime) -> Iterator[str]:
    """Yield the lines that are printed when a run has ended."""
    failed = [row for row in rows(run, now) if row.tone is Tone.BAD]
    for index, row in enumerate(failed):
        yield from _failure(run, folder, row, told=index < _MOST_TOLD)
    seconds = length(((run.log.finished or now) - run.created).total_seconds())
    name = run.key.name
    if run.log.finished is None:
        yield f"run {name} was broken off after {seconds}; --resume goes on with it"
    elif run.log.succeeded:
        yield f"run {name} succeeded in {seconds}; {run.log.counts.total} tasks"
    else:
        how = "was cancelled" if run.log.reason != "Failed" else "failed"
        yield f"run {name} {how} after {seconds}: {run.log.message}"


def _failure(run: ObservedRun, folder: StateFolder, row: Row, *, told: bool) -> Iterator[str]:
    yield f"{row.task} failed: {row.status}: {row.message}"
    if row.attempts:
        log = folder.attempt(run.key.name, row.task, row.attempts).log
        yield f"  log: {_near(log)}"
        if told:
            yield from (f"  | {line}" for line in tail(log, LOG_LINES))


def tail(log: Path, count: int) -> list[str]:
    """Return the last lines of a log, as text that does nothing to a terminal."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return []
    return [_CONTROL.sub("", line) for line in deque(text.splitlines(), maxlen=count)]


def _near(path: Path) -> str:
    """Write a path as short as it is from here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
