"""
Between the record of a run and its row in the database, both ways.

Knows the columns that never change, besides `desired`. Reads and writes nothing.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

from headrace.api.checks.instants import read_time, write_time
from headrace.api.v1alpha1.rerun import RerunOf
from headrace.api.v1alpha1.run import DesiredState
from headrace.engine.run.observed import RunKey
from headrace.local.paths import path_of, text_of
from headrace.local.records import RunRecord

COLUMNS: Final = (
    *("name", "namespace", "uid", "workflow", "created", "spec", "folder", "params"),
    *("logical_time", "desired", "called", "caller", "rerun"),
)


FINISHED: Final = (
    "SELECT name, status, EXISTS (SELECT 1 FROM run AS later WHERE NOT later.finished"
    " AND json_extract(later.rerun, '$.name') = run.name)"
    " FROM run WHERE workflow = ? AND finished AND caller IS NULL"
)
"""Reads the ended runs of a workflow, and whether another run still repeats each."""


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
    )
