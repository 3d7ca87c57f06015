"""
A run as the archive keeps it: its objects as JSON, its logs, and the rows that these become.

Pure: objects in, rows out. Knows the form of objects and the columns of tables. Knows no database.
"""

import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from headrace.api.v1alpha1 import labels
from headrace.archive.ledger.tables import Row
from headrace.views.objects import (
    Object,
    entries,
    field,
    instant,
    number,
    reason,
    succeeded,
    text,
)
from headrace.views.tones import Tone, tone

_LEVEL: Final = 6
"""How hard zlib works: a log shrinks to about a tenth."""


@dataclass(frozen=True, slots=True)
class KeptLog:
    """What the program of one pod has printed, each line with its time."""

    task: str
    attempt: int
    item: int | None
    """The index of the item; None: the task has none."""
    pod: str
    packed: bytes
    size: int
    """How many bytes the text has."""
    cut: bool = False
    """Whether the middle of the log is missing, because it was too long."""

    @property
    def lines(self) -> list[bytes]:
        """The lines, without their ends."""
        return zlib.decompress(self.packed).splitlines()


@dataclass(frozen=True, slots=True)
class KeptRun:
    """An ended run with all that belongs to it."""

    run: Object
    tasks: Sequence[Object]
    """Its TaskRuns."""
    definition: Object | None
    """The pinned spec of its workflow; None: nobody has it any more."""
    events: Sequence[Object]
    logs: Sequence[KeptLog]
    caller_uid: str = ""
    """The uid of the run that called it; empty: none has."""

    @property
    def uid(self) -> str:
        """The run's uid."""
        return text(self.run, "metadata", "uid")


def kept_log(place: tuple[str, int, int | None], pod: str, raw: bytes, *, cut: bool) -> KeptLog:
    """Compress a log; the place is its task, attempt and item."""
    return KeptLog(*place, pod, zlib.compress(raw, _LEVEL), len(raw), cut)


def packed(value: Any) -> bytes:
    """Write a value as compressed JSON; the same value gives the same bytes."""
    return zlib.compress(_json(value).encode(), _LEVEL)


def unpacked(body: bytes) -> Any:
    """Read a value that `packed` has written."""
    return json.loads(zlib.decompress(body))


def digest(definition: Object) -> str:
    """Return the name of a definition's content: runs of one revision share a row."""
    return hashlib.sha256(_json(definition).encode()).hexdigest()


def run_row(kept: KeptRun, now: datetime) -> Row:
    """Return the row of a run that has ended."""
    run = kept.run
    created = instant(run, "metadata", "creationTimestamp") or now
    return {
        "uid": kept.uid,
        "namespace": text(run, "metadata", "namespace"),
        "name": text(run, "metadata", "name"),
        "workflow": text(run, "spec", "workflow"),
        "definition": None if kept.definition is None else digest(kept.definition),
        "revision": text(run, "status", "revision"),
        "caller_uid": kept.caller_uid,
        "requested_by": text(run, "metadata", "annotations", labels.REQUESTED_BY),
        "created": created,
        "logical_time": instant(run, "spec", "logicalTime"),
        "started": instant(run, "status", "startTime"),
        "finished": instant(run, "status", "completionTime") or created,
        "reason": reason(run),
        "succeeded": succeeded(run),
        "failed": tone(run) is Tone.BAD,
        "archived": now,
    }


def task_rows(kept: KeptRun) -> Iterator[Row]:
    """Yield the rows of the TaskRuns."""
    for item in kept.tasks:
        yield {
            "uid": text(item, "metadata", "uid"),
            "run_uid": kept.uid,
            "task": text(item, "spec", "task"),
            "reason": reason(item),
            "outcome": text(item, "status", "outcome"),
            "attempts": number(item, "status", "attemptCount"),
            "started": instant(item, "status", "startTime"),
            "finished": instant(item, "status", "completionTime"),
            "body": packed(item),
        }


def attempt_rows(kept: KeptRun) -> Iterator[Row]:
    """Yield the rows of the attempts that the TaskRuns show."""
    for item in kept.tasks:
        for attempt in entries(item, "status", "attempts"):
            yield {
                "task_run_uid": text(item, "metadata", "uid"),
                "number": number(attempt, "number"),
                "pod": text(attempt, "podName"),
                "node": text(attempt, "nodeName"),
                "started": instant(attempt, "startTime"),
                "finished": instant(attempt, "finishTime"),
                "exit_code": field(attempt, "exitCode"),
                "reason": text(attempt, "reason"),
                "message": text(attempt, "message"),
            }


def output_rows(kept: KeptRun) -> Iterator[Row]:
    """Yield the rows of what the tasks gave; each value is JSON."""
    for item in kept.tasks:
        given = field(item, "status", "outputs")
        for name, value in given.items() if isinstance(given, Mapping) else ():
            yield {
                "task_run_uid": text(item, "metadata", "uid"),
                "name": name,
                "value": _json(value),
            }


def event_rows(kept: KeptRun) -> Iterator[Row]:
    """Yield the rows of the Events."""
    for event in kept.events:
        yield {
            "run_uid": kept.uid,
            "uid": text(event, "metadata", "uid"),
            "kind": text(event, "involvedObject", "kind"),
            "object": text(event, "involvedObject", "name"),
            "type": text(event, "type"),
            "reason": text(event, "reason"),
            "message": text(event, "message"),
            "count": number(event, "count") or number(event, "series", "count") or 1,
            "last": instant(event, "lastTimestamp")
            or instant(event, "eventTime")
            or instant(event, "metadata", "creationTimestamp"),
        }


def log_rows(kept: KeptRun) -> Iterator[Row]:
    """Yield the rows of the logs."""
    for log in kept.logs:
        yield {
            "run_uid": kept.uid,
            "pod": log.pod,
            "task": log.task,
            "attempt": log.attempt,
            "item": log.item,
            "size": log.size,
            "cut": log.cut,
            "body": log.packed,
        }


def _json(value: Any) -> str:
    # PostgreSQL keeps no NUL in a text, but JSON writes it as six other characters.
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
