"""
Between the record of a run and its row in the database, both ways.

Knows the columns that never change, besides `desired`. Reads and writes nothing.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

from headrace.api.checks.instants import read_time, write_time
from headrace.api.v1alpha1.run import DesiredState
from headrace.engine.run.observed import RunKey
from headrace.local.paths import path_of, text_of
from headrace.local.records import RunRecord

COLUMNS: Final = (
    *("name", "namespace", "uid", "workflow", "created", "spec", "folder", "params"),
    *("logical_time", "desired", "called", "caller"),
)


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
    )


def record_of(row: Sequence[Any]) -> RunRecord:
    """Return the record of a row."""
    found = dict(zip(COLUMNS, row, strict=True))
    time = found["logical_time"]
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
    )
