"""
The store of a served folder: besides runs, its workflows with their definitions and statuses.

Each method is one transaction, as in the `Store`. Decides nothing.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from headrace.api.checks.instants import read_time, write_time
from headrace.api.v1alpha1.run import DesiredState
from headrace.engine.run.observed import RunLog
from headrace.engine.workflow.observed import WorkflowLog
from headrace.local.object_store import ObjectStore
from headrace.local.records import Origin
from headrace.local.run_rows import read_origin
from headrace.local.schema import APPLIED
from headrace.manifests.conditions import Past
from headrace.manifests.run_status import read_run_status
from headrace.manifests.workflow_status import read_workflow_status, workflow_status

_WORKFLOWS: Final = (
    "SELECT name, namespace, uid, created, generation, spec, called, file, gone FROM workflow"
)
_RUNS: Final = (
    "SELECT name, uid, created, logical_time, desired, caller, rerun, origin, status FROM run"
    " WHERE workflow = ?"
)


@dataclass(frozen=True, slots=True)
class StoredWorkflow:
    """A workflow of the folder: the last definition that could be run."""

    name: str
    namespace: str
    uid: str
    created: datetime
    generation: int
    """Counts the changes of the spec."""
    spec: str
    """A WorkflowSpec as JSON."""
    called: Mapping[str, str]
    """The definitions of the workflows that it may call, also through others, by name."""
    file: str
    gone: bool = False
    """Whether no file has it any more: it stays until its last run is removed."""


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run, with what its workflow needs to know of it."""

    name: str
    uid: str
    created: datetime
    logical_time: datetime | None
    desired: DesiredState
    caller: str | None
    rerun_of: str | None
    origin: Origin
    log: RunLog


class WorkflowStore(ObjectStore):
    """The database of a folder of state whose folder of manifests is served."""

    def workflows(self) -> list[StoredWorkflow]:
        """Return all workflows, in the order of their names."""
        rows = self._read(f"{_WORKFLOWS} ORDER BY name", ())
        return [_workflow(row) for row in rows]

    def workflow(self, name: str) -> StoredWorkflow | None:
        """Return a workflow; None: there is none."""
        rows = self._read(f"{_WORKFLOWS} WHERE name = ?", (name,))
        return _workflow(rows[0]) if rows else None

    def put_workflow(self, workflow: StoredWorkflow, *, anew: bool) -> None:
        """Store the definition of a workflow; anew: without the status of an earlier one."""
        row = (
            workflow.name,
            workflow.namespace,
            workflow.uid,
            write_time(workflow.created),
            workflow.generation,
            workflow.spec,
            json.dumps(dict(workflow.called)),
            workflow.file,
            workflow.gone,
        )
        status = ", status = excluded.status" if anew else ""
        with self._transaction():
            self._db.execute(
                "INSERT INTO workflow (name, namespace, uid, created, generation, spec, called,"  # noqa: S608 - our own words
                " file, gone) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
                " namespace = excluded.namespace, uid = excluded.uid, created = excluded.created,"
                " generation = excluded.generation, spec = excluded.spec, called = excluded.called,"
                f" file = excluded.file, gone = excluded.gone{status}",
                row,
            )

    def forget_workflow(self, name: str) -> None:
        """Remove a workflow that is gone."""
        with self._transaction():
            self._db.execute("DELETE FROM workflow WHERE name = ? AND gone", (name,))

    def workflow_log(self, name: str) -> WorkflowLog:
        """Return the log of a workflow."""
        (status,) = self._read_one("SELECT status FROM workflow WHERE name = ?", (name,))
        return read_workflow_status(json.loads(status))

    def write_workflow(self, name: str, log: WorkflowLog, now: datetime) -> None:
        """Write the log of a workflow."""
        with self._transaction():
            row = self._read_one("SELECT status, created FROM workflow WHERE name = ?", (name,))
            past = Past.of(json.loads(row[0]), read_time(row[1]), now)
            status = json.dumps(workflow_status(log, past))
            self._db.execute("UPDATE workflow SET status = ? WHERE name = ?", (status, name))

    def runs_of(self, workflow: str, known: Mapping[str, StoredRun]) -> list[StoredRun]:
        """
        Return all runs of a workflow.

        Args:
            workflow: The name of the workflow.
            known: By uid: its runs that have ended, as they were read before. They never change.

        """
        rows = self._read(_RUNS, (workflow,))
        return [known.get(str(row[1])) or _run(row) for row in rows]

    def open_runs(self, workflow: str) -> list[StoredRun]:
        """Return the runs of a workflow that have not ended."""
        return [_run(row) for row in self._read(f"{_RUNS} AND NOT finished", (workflow,))]

    def to_carry(self) -> list[tuple[str, str]]:
        """Return workflow and name of each unfinished run that no command of people made."""
        rows = self._read(
            "SELECT workflow, name FROM run WHERE NOT finished AND caller IS NULL"  # noqa: S608 - our own words
            " AND (json_extract(origin, '$.trigger') NOT IN ('Backfill', 'Manual')"
            f" OR json_extract(origin, '$.{APPLIED}') IS NOT NULL) ORDER BY created, name",
            (),
        )
        return [(str(workflow), str(name)) for workflow, name in rows]

    def repin(self, run: str, workflow: StoredWorkflow) -> None:
        """Give a run that has not begun the definition that its workflow has now."""
        with self._transaction():
            self._db.execute(
                "UPDATE run SET spec = ?, called = ? WHERE name = ?",
                (workflow.spec, json.dumps(dict(workflow.called)), run),
            )


def _workflow(row: tuple[Any, ...]) -> StoredWorkflow:
    name, namespace, uid, created, generation, spec, called, file, gone = row
    return StoredWorkflow(
        *(name, namespace, uid, read_time(created), generation, spec, json.loads(called), file),
        gone=bool(gone),
    )


def _run(row: tuple[Any, ...]) -> StoredRun:
    name, uid, created, time, desired, caller, rerun, origin, status = row
    return StoredRun(
        *(name, uid, read_time(created), None if time is None else read_time(time)),
        *(DesiredState(desired), caller, None if rerun is None else json.loads(rerun)["name"]),
        origin=read_origin(origin, called=caller is not None),
        log=read_run_status(json.loads(status)),
    )
