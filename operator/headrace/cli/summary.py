"""
The summary of a run: its end, the failed tasks, and the places of their logs.

Knows the rows of a run and the places of logs. Knows no terminal.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from headrace.api.v1alpha1.reasons import Reason
from headrace.cli.failed_items import failed_items
from headrace.cli.log_tail import tail
from headrace.cli.rows import Row, Tone, here, length, rows
from headrace.cli.words import counted, near
from headrace.engine.definition.work import Program
from headrace.engine.run.observed import ObservedRun
from headrace.engine.task.items import ItemsLog
from headrace.engine.task.observed import Named
from headrace.local.folder import StateFolder

LOG_LINES: Final = 10
_MOST_LOGS: Final = 5
"""For how many failed tasks the end of the log is printed; for the others, only its place."""
_HOW: Final = {
    Reason.CANCELLED: "was cancelled",
    Reason.TERMINATED: "was ended",
    Reason.RUN_TIMEOUT: "ran out of time",
    Reason.FINALLY_TIMEOUT: "ran out of time",
}
"""Ends without success; any other such end is a failure."""


def summary(run: ObservedRun, folder: StateFolder, now: datetime) -> Iterator[str]:
    """Yield the lines that are printed when a run has ended."""
    logs = 0
    for row in rows(run, now):
        if row.tone is Tone.BAD:
            lines = _failure(run, folder, row)
            printed = lines[2:] if logs < _MOST_LOGS else []
            logs += bool(printed)
            yield from (*lines[:2], *printed)
    time = length((run.log.finished or now) - run.created)
    name = run.key.name
    if run.log.finished is None:
        yield f"run {name} was interrupted after {time}; --resume continues it"
    elif run.log.succeeded:
        counts, kept = run.log.counts, _from_cache(run)
        skipped = f", {counts.skipped} skipped" if counts.skipped else ""
        known = f", {kept} from the cache" if kept else ""
        yield f"run {name} succeeded in {time}; {counted(counts.total, 'task')}{known}{skipped}"
    else:
        how = _HOW.get(run.log.reason, "failed")
        yield f"run {name} {how} after {time}: {here(run.log.message)}"


def _from_cache(run: ObservedRun) -> int:
    """Return how many tasks have the result of an earlier run, and ran nothing."""
    return sum(seen.log.reason is Reason.FROM_CACHE for seen in run.tasks.values())


def _failure(run: ObservedRun, folder: StateFolder, row: Row) -> list[str]:
    """Return the lines on a failed task: the reason, the place of its log, the end of the log."""
    how = "failed (allowed)" if row.allowed else "failed"
    lines = [f"{row.task} {how}: {row.status}: {row.message}"]
    items, unit = _items(run, row), _called(run, row.task)
    if items is not None:
        files = folder.attempt(run.key.name, row.task, row.attempts)
        lines.extend(failed_items(items, files))
    elif unit is not None:
        lines.append(f"  logs of {unit}: {near(folder.run(unit.name))}")
    elif row.attempts and _has_log(run, row.task):
        log = folder.attempt(run.key.name, row.task, row.attempts).log
        lines.append(f"  log: {near(log)}")
        lines.extend(f"  | {line}" for line in tail(log, LOG_LINES))
    return lines


def _has_log(run: ObservedRun, task: str) -> bool:
    """Return whether a task runs a program, whose words are in a log."""
    return run.definition is not None and isinstance(run.definition.tasks[task].work, Program)


def _called(run: ObservedRun, task: str) -> Named | None:
    """Return the run that a task's newest attempt has called, if it has."""
    seen = run.tasks.get(task)
    sighting = seen.sighting if seen is not None else None
    is_run = sighting is not None and sighting.passed is not None
    return sighting.where.unit if sighting is not None and is_run else None


def _items(run: ObservedRun, row: Row) -> ItemsLog | None:
    seen = run.tasks.get(row.task)
    return seen.log.items if seen is not None else None
