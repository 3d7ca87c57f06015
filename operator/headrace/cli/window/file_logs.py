"""
Logs of a run from the files of this machine.

Their lines have no times, so whole logs come one after the other, in the order of their tasks'
start. Knows the folder of state. Prints nothing.
"""

import os
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from headrace.cli.window.laptop import LaptopSource
from headrace.cli.window.pod_logs import Wanted
from headrace.cluster.kinds import WORKFLOW_RUNS
from headrace.local.held import holder
from headrace.views.log_lines import LogLine, LogSource
from headrace.views.objects import ended, number, text

LOOK_SECONDS: Final = 0.2
_MOST: Final = 1 << 20
"""How many bytes of a log are read at a time."""


class FileLogs:
    """The logs of a run's attempts."""

    def __init__(self, source: LaptopSource, wanted: Wanted) -> None:
        self._source = source
        self._wanted = wanted
        self._read_to: dict[Path, int] = {}
        self._begun: dict[Path, bytes] = {}

    def lines(self) -> Iterator[LogLine]:
        """Yield the lines of all logs."""
        for path, source in self._files():
            tail = self._wanted.tail
            if tail is not None:
                self._read_to[path] = begin_of_last(path, tail)
            lines = self._new(path, source, last=True)
            yield from lines if tail is None else deque(lines, maxlen=tail)

    def follow(self) -> Iterator[LogLine]:
        """Yield lines as they are written, until the run has ended, or nobody carries it on."""
        first = True
        while True:
            run = self._source.named(WORKFLOW_RUNS, self._wanted.run)
            over = ended(run) or holder(self._source.stored.folder, self._wanted.run) is None
            for path, source in self._files():
                lines = self._new(path, source, last=over)
                tail = self._wanted.tail if first else None
                yield from lines if tail is None else deque(lines, maxlen=tail)
            if over:
                return
            first = False
            time.sleep(LOOK_SECONDS)

    def _files(self) -> list[tuple[Path, LogSource]]:
        """Return the logs, in the order of their tasks' start."""
        wanted, folder = self._wanted, self._source.stored.folder
        tasks = [
            item
            for item in self._source.tasks(wanted.run)
            if wanted.task in (None, text(item, "spec", "task"))
        ]
        tasks.sort(key=lambda item: text(item, "metadata", "creationTimestamp"))
        return [
            found
            for item in tasks
            for attempt in range(1, number(item, "status", "attemptCount") + 1)
            if wanted.attempt in (None, attempt)
            for found in _logs(folder.run(wanted.run), text(item, "spec", "task"), attempt)
        ]

    def _new(self, path: Path, source: LogSource, *, last: bool) -> Iterator[LogLine]:
        """Yield the lines that came since the last look; at last also one without an end."""
        begun = self._begun.pop(path, b"")
        with path.open("rb") as file:
            file.seek(self._read_to.get(path, 0))
            while chunk := file.read(_MOST):
                *lines, begun = (begun + chunk).split(b"\n")
                for line in lines:
                    yield _line(line, source)
            self._read_to[path] = file.tell()
        if begun and last:
            yield _line(begun, source)
        elif begun:
            self._begun[path] = begun


def begin_of_last(path: Path, lines: int) -> int:
    """Return where the last lines of a file begin: of a large one, only its end is read."""
    with path.open("rb") as file:
        place, missing = file.seek(0, os.SEEK_END), lines
        if place:
            file.seek(place - 1)
            missing += file.read(1) == b"\n"  # the end of the last line begins none
        while place > 0:
            size = min(_MOST, place)
            place -= size
            file.seek(place)
            block = file.read(size)
            found = block.count(b"\n")
            if found >= missing:
                end = size
                for _ in range(missing):
                    end = block.rindex(b"\n", 0, end)
                return place + end + 1
            missing -= found
    return 0


def _logs(folder: Path, task: str, attempt: int) -> Iterator[tuple[Path, LogSource]]:
    own = folder / task / f"attempt-{attempt}.log"
    if own.is_file():
        yield own, LogSource(task, attempt)
    items = folder / task / f"attempt-{attempt}"
    logs = [path for path in items.glob("*.log") if path.stem.isdigit()]
    for path in sorted(logs, key=lambda path: int(path.stem)):
        yield path, LogSource(task, attempt, int(path.stem))


def _line(raw: bytes, source: LogSource) -> LogLine:
    return LogLine("", raw.decode(errors="replace"), source)
