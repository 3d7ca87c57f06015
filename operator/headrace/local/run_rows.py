"""
Between the record of a run and its row in the database, both ways.

Knows the columns that never change, besides `desired`. Reads and writes nothing.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any, Final

from headrace.api.checks.instants import read_time, write_time
from headrace.api.v1alpha1.cache import CacheMode
from headrace.api.v1alpha1.rerun import RerunOf
from headrace.api.v1alpha1.run import DesiredState, EndedRun, Interval, TriggerKind
from headrace.engine.run.observed import RunKey
from headrace.engine.workflow.retention import FinishedRun
from headrace.local.paths import path_of, text_of
from headrace.local.records import BY_HAND, Applied, Origin, RunRecord
from headrace.local.schema import APPLIED
from headrace.manifests.json_form import as_json, read
from headrace.manifests.run_status import read_run_status

COLUMNS: Final = (
    *("name", "namespace", "uid", "workflow", "created", "spec", "folder", "params"),
    *("logical_time", "desired", "called", "caller", "rerun", "origin", "cache"),
)


FINISHED: Final = (
    "SELECT name, status, EXISTS (SELECT 1 FROM run AS later WHERE NOT later.finished"
    " AND json_extract(later.rerun, '$.name') = run.name)"
    " FROM run WHERE workflow = ? AND finished AND caller IS NULL"
)
"""Reads the ended runs of a workflow, and whether another run still repeats each."""


def finished_runs(rows: Iterable[Sequence[Any]]) -> Iterator[FinishedRun]:
    """Yield the ended runs of such rows."""
    for name, status, needed in rows:
        log = read_run_status(json.loads(status))
        if log.finished is not None:
            yield FinishedRun(name, log.finished, bool(log.succeeded), needed=bool(needed))


def row_of(record: RunRecord) -> tuple[Any, ...]:
    """Return the values of the columns, in their order."""
    return (
        record.key.name,
        record.key.namespace,
        record.uid,
        record.workflow,
        write_time(record.created),
        record.spec,
        text_of(record.folder),
        json.dumps(dict(record.params)),
        write_time(record.logical_time) if record.logical_time else None,
        record.desired.value,
        json.dumps(dict(record.called)),
        record.caller,
        None if record.rerun_of is None else record.rerun_of.model_dump_json(by_alias=True),
        None if record.origin == BY_HAND else _written(record.origin),
        record.cache,
    )


def record_of(row: Sequence[Any]) -> RunRecord:
    """Return the record of a row."""
    found = dict(zip(COLUMNS, row, strict=True))
    time, rerun = found["logical_time"], found["rerun"]
    return RunRecord(
        key=RunKey(found["namespace"], found["name"]),
        uid=found["uid"],
        workflow=found["workflow"],
        created=read_time(found["created"]),
        spec=found["spec"],
        folder=path_of(found["folder"]),
        params=json.loads(found["params"]),
        logical_time=read_time(time) if time else None,
        desired=DesiredState(found["desired"]),
        called=json.loads(found["called"]),
        caller=found["caller"],
        rerun_of=None if rerun is None else RerunOf.model_validate_json(rerun),
        origin=read_origin(found["origin"], called=found["caller"] is not None),
        cache=None if found["cache"] is None else CacheMode(found["cache"]),
    )


def read_origin(text: str | None, *, called: bool) -> Origin:
    """Return what asked for a run. An earlier version wrote nothing of it."""
    if text is None:
        return Origin(TriggerKind.CALL) if called else BY_HAND
    written = json.loads(text)
    interval, ended = written.get("interval"), written.get("triggeredBy")
    return Origin(
        TriggerKind(written["trigger"]),
        None if interval is None else read(Interval, interval),
        None if ended is None else read(EndedRun, ended),
        written.get("priority"),
        Applied(**written[APPLIED]) if APPLIED in written else None,
    )


def _written(origin: Origin) -> str:
    """Write what asked for a run: with the fields of a WorkflowRun, and its manifest."""
    parts = {"interval": origin.interval, "triggeredBy": origin.triggered_by}
    fields: dict[str, Any] = {
        name: as_json(part) for name, part in parts.items() if part is not None
    }
    if origin.priority is not None:
        fields["priority"] = origin.priority
    if origin.applied is not None:
        fields[APPLIED] = asdict(origin.applied)
    return json.dumps({"trigger": origin.trigger.value, **fields})
