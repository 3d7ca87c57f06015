"""
The store that survives the runner, in SQLite: runs, logs of tasks, attempts.

Each method is one transaction. When it returns, its writes survive a crash of the runner and of the
machine. Logs are the JSON that a cluster has in `status`. Decides nothing.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Self

from headrace.api.checks.instants import read_time
from headrace.api.v1alpha1.run import DesiredState
from headrace.engine.run.observed import RunLog
from headrace.engine.task.cache import LOOKED_AT
from headrace.engine.task.observed import TaskLog
from headrace.engine.workflow.retention import FinishedRun
from headrace.local import attempt_rows, each_rows, item_rows, task_rows
from headrace.local.records import AttemptRecord, ForcedEnd, ItemQuestion, RunRecord
from headrace.local.run_rows import COLUMNS, FINISHED, finished_runs, record_of, row_of
from headrace.local.schema import VERSION
from headrace.local.upgrade import upgrade
from headrace.manifests.conditions import Past
from headrace.manifests.run_status import read_run_status, run_status
from headrace.manifests.task_status import read_task_status, task_status

BUSY_SECONDS: Final = 30
"""How long to wait for another runner's transaction. One takes milliseconds."""


NO_LOGS: Final[Mapping[str, TaskLog]] = {}
NOT_FOUND: Final[Mapping[str, str]] = {}


class UnusableStateError(Exception):
    """The folder of state cannot be used. The text says why, and the cure."""


class Store:
    """
    The database of a folder of state.

    Raises:
        UnusableStateError: It cannot be opened, or has another version.

    """

    def __init__(self, database: Path) -> None:
        self._database = database
        try:
            self._db = sqlite3.connect(database, timeout=BUSY_SECONDS, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("PRAGMA foreign_keys = ON")
            self._prepare()
        except sqlite3.Error as error:
            raise UnusableStateError(
                f"{database} cannot be used: {error}; choose another folder with --state"
            ) from error

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def __enter__(self) -> Self:
        """Return the store itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def add_run(self, record: RunRecord) -> None:
        """Store a new run."""
        with self._transaction():
            marks = ", ".join("?" * len(COLUMNS))
            columns = ", ".join(COLUMNS)
            self._db.execute(f"INSERT INTO run ({columns}) VALUES ({marks})", row_of(record))  # noqa: S608 - our own names

    def unfinished(self, workflow: str) -> list[str]:
        """
        Return the names of the runs of a workflow that have not ended, newest first.

        A called run goes on with the calling one.
        """
        rows = self._read(
            "SELECT created, name FROM run WHERE workflow = ? AND NOT finished AND caller IS NULL",
            (workflow,),
        )
        runs = sorted((read_time(created), str(name)) for created, name in rows)
        return [name for _, name in reversed(runs)]

    def finished_runs(self, workflow: str) -> list[FinishedRun]:
        """Return the runs of a workflow that have ended, without those that others called."""
        return list(finished_runs(self._read(FINISHED, (workflow,))))

    def version_of_others(self) -> int:
        """Return a number that changes whenever another connection has written."""
        (version,) = self._read_one("PRAGMA data_version", ())
        return int(version)

    def called_by(self, name: str) -> list[str]:
        """Return the names of the runs that a run has called."""
        return [
            str(called)
            for (called,) in self._read("SELECT name FROM run WHERE caller = ?", (name,))
        ]

    def forget_run(self, name: str) -> None:
        """Remove a run, with its tasks and attempts."""
        with self._transaction():
            for table in (*each_rows.TABLES, *item_rows.TABLES, "attempt", "task"):
                self._db.execute(f"DELETE FROM {table} WHERE run = ?", (name,))  # noqa: S608 - our own names
            self._db.execute("DELETE FROM run WHERE name = ?", (name,))

    def has_run(self, name: str) -> bool:
        """Return whether there is a run of a name."""
        return bool(self._read("SELECT 1 FROM run WHERE name = ?", (name,)))

    def run(self, name: str) -> RunRecord:
        """Return the record of a stored run."""
        columns = ", ".join(COLUMNS)
        return record_of(self._read_one(f"SELECT {columns} FROM run WHERE name = ?", (name,)))  # noqa: S608 - our own names

    def run_log(self, run: str) -> RunLog:
        """Return the log of a run."""
        (status,) = self._read_one("SELECT status FROM run WHERE name = ?", (run,))
        return read_run_status(json.loads(status))

    def task_logs(self, run: str) -> dict[str, TaskLog]:
        """Return the logs of started tasks."""
        rows = self._read("SELECT name, status FROM task WHERE run = ?", (run,))
        return {name: read_task_status(json.loads(status)) for name, status in rows}

    def hashes(self, run: str) -> dict[str, str]:
        """Return by what later runs find the results of tasks, by task."""
        return dict(self._read(task_rows.HASHES, (run,)))

    def results(self, namespace: str, workflow: str, cache_hash: str) -> list[tuple[str, TaskLog]]:
        """Return the newest tasks of a workflow that succeeded with a hash: run and log."""
        rows = self._read(task_rows.RESULTS, (cache_hash, namespace, workflow, LOOKED_AT))
        return [(str(run), read_task_status(json.loads(status))) for run, status in rows]

    def attempts(self, run: str) -> list[AttemptRecord]:
        """Return all attempts of a run, oldest first."""
        records = [attempt_rows.record_of(row) for row in self._read(attempt_rows.OF_A_RUN, (run,))]
        rows = (
            self._read(query, (run,)) for query in (item_rows.ITEMS, item_rows.TODO, item_rows.ENDS)
        )
        whole = item_rows.with_items(records, *rows)
        each = (self._read(query, (run,)) for query in (each_rows.EACH, each_rows.QUESTIONS))
        return list(each_rows.with_each(whole, *each))

    def desire(self, run: str, desired: DesiredState) -> None:
        """Change the desired state of a run."""
        with self._transaction():
            self._db.execute("UPDATE run SET desired = ? WHERE name = ?", (desired.value, run))

    def write_run(self, run: str, log: RunLog, now: datetime) -> None:
        """Write the log of a run."""
        with self._transaction():
            row = self._read_one("SELECT status, created FROM run WHERE name = ?", (run,))
            status = json.dumps(run_status(log, _past(row, now)))
            self._db.execute(
                "UPDATE run SET status = ?, finished = ? WHERE name = ?",
                (status, log.finished is not None, run),
            )

    def write_tasks(self, run: str, logs: Mapping[str, TaskLog], now: datetime) -> None:
        """Write logs of tasks, all or none."""
        with self._transaction():
            for name, log in logs.items():
                row = self._read_one(
                    "SELECT status, created FROM task WHERE run = ? AND name = ?", (run, name)
                )
                status = json.dumps(task_status(log, _past(row, now)))
                self._db.execute(
                    "UPDATE task SET status = ? WHERE run = ? AND name = ?", (status, run, name)
                )

    def add_attempts(
        self,
        run: str,
        records: Sequence[AttemptRecord],
        now: datetime,
        logs: Mapping[str, TaskLog] = NO_LOGS,
        found_by: Mapping[str, str] = NOT_FOUND,
    ) -> None:
        """
        Store attempts before their start, and their tasks, all or none.

        Args:
            run: The run's name.
            records: The attempts. None of them is stored yet.
            now: When the attempts are started.
            logs: By task: the log of a new task, if it begins with one.
            found_by: By task: by what later runs find the result of a new task, if they can.

        """
        with self._transaction():
            tasks = dict.fromkeys(record.task for record in records)
            new = task_rows.rows_of(run, tasks | dict(logs), found_by, now)
            self._db.executemany(task_rows.ADD, new)
            rows = [attempt_rows.row_of(run, record) for record in records]
            self._db.executemany(attempt_rows.ADD, rows)
            self._db.executemany(item_rows.ADD_ITEMS, item_rows.items_rows(run, records))
            self._db.executemany(item_rows.ADD_TODO, item_rows.todo_rows(run, records))
            self._db.executemany(each_rows.ADD_EACH, each_rows.each_rows(run, records))

    def ask(self, run: str, record: AttemptRecord, questions: Mapping[int, ItemQuestion]) -> None:
        """Store that somebody is asked about some items of an attempt."""
        with self._transaction():
            rows = each_rows.question_rows(run, record, questions)
            self._db.executemany(each_rows.ADD_QUESTION, rows)

    def forget_attempt(self, run: str, record: AttemptRecord) -> None:
        """Remove an attempt that never started."""
        with self._transaction():
            self._db.execute(
                "DELETE FROM attempt WHERE run = ? AND task = ? AND number = ?",
                (run, record.task, record.number),
            )

    def save_forced_end(self, run: str, record: AttemptRecord, forced_end: ForcedEnd) -> None:
        """Store why an attempt, or one of its items, is being ended."""
        place, words = (
            (run, record.task, record.number),
            (forced_end.reason.value, forced_end.message),
        )
        with self._transaction():
            if record.index is not None:
                self._db.execute(item_rows.ADD_END, (*place, record.index, *words))
                return
            self._db.execute(
                "UPDATE attempt SET doom_reason = ?, doom_message = ?"
                " WHERE run = ? AND task = ? AND number = ?",
                (*words, *place),
            )

    def save_answer(self, run: str, record: AttemptRecord) -> None:
        """Store what somebody answered to a task, or about one of its items."""
        with self._transaction():
            self._db.execute(*each_rows.answered(run, record))

    def _prepare(self) -> None:
        """Create the tables, or bring them to this version."""
        with self._transaction():
            version = upgrade(self._db)
            if version != VERSION:
                raise UnusableStateError(
                    f"{self._database} was written by another version of headrace (format"
                    f" {version}, this one reads {VERSION}); choose another folder with --state"
                )

    def _read(self, query: str, values: Sequence[str | int]) -> list[tuple[Any, ...]]:
        try:
            return self._db.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise UnusableStateError(
                f"{self._database} cannot be read: {error}; choose another folder with --state, or"
                " move this one away"
            ) from error

    def _read_one(self, query: str, values: Sequence[str]) -> tuple[Any, ...]:
        """Return the only row, which must exist."""
        rows = self._read(query, values)
        if not rows:
            raise UnusableStateError(
                f"{self._database} is not complete: {' '.join(values)} is missing; choose another"
                " folder with --state, or move this one away"
            )
        return rows[0]

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise UnusableStateError(f"{self._database} cannot be written: {error}") from error


def _past(row: tuple[Any, ...], now: datetime) -> Past:
    """Return the previous status of a row."""
    status, created = row
    return Past.of(json.loads(status), read_time(created), now)
