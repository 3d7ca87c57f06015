"""
Writes into the ledger: a run once, the end of old runs, and runs forgotten on request.

Each write is one transaction, so a crash leaves all of a run or nothing. A run that is there stays
as it was written first: later there is less of it in the cluster, never more.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from headrace.archive.ledger.database import told, writing
from headrace.archive.ledger.kept import (
    KeptRun,
    attempt_rows,
    digest,
    event_rows,
    log_rows,
    output_rows,
    packed,
    run_row,
    task_rows,
)
from headrace.archive.ledger.tables import (
    ATTEMPTS,
    DEFINITIONS,
    ERASURES,
    EVENTS,
    LOGS,
    OUTPUTS,
    RUN_OBJECTS,
    RUNS,
    TASK_RUNS,
)

BATCH: Final = 500
"""How many rows a statement has at most."""
PARTS: Final = (
    (TASK_RUNS, task_rows),
    (ATTEMPTS, attempt_rows),
    (OUTPUTS, output_rows),
    (EVENTS, event_rows),
    (LOGS, log_rows),
)
"""The tables of what belongs to a run, and the rows of each."""


class Writer:
    """Writes into one database."""

    def __init__(self, engine: Engine) -> None:
        """Write through an engine; its schema is today's."""
        self._engine = engine

    def has(self, uid: str) -> bool:
        """Return whether a run needs no writing: it is there, or was to be forgotten."""
        with told(self._engine), self._engine.connect() as connection:
            return _has(connection, uid)

    def keep(self, kept: KeptRun, now: datetime) -> bool:
        """Write a run with all that belongs to it; return False if it needs no writing."""
        with told(self._engine):
            try:
                with writing(self._engine) as connection:
                    if _has(connection, kept.uid):
                        return False
                    _insert(connection, kept, now)
            except IntegrityError:
                if self.has(kept.uid):  # Another process wrote the run at the same time.
                    return False
                raise
        return True

    def drop_older(self, than: datetime, most: int = BATCH) -> int:
        """Remove runs that ended before an instant, oldest first; return how many they were."""
        with told(self._engine), writing(self._engine) as connection:
            oldest = (
                select(RUNS.c.uid).where(RUNS.c.finished < than).order_by(RUNS.c.finished)
            ).limit(most)
            uids = list(connection.scalars(oldest))
            _remove(connection, uids)
            return len(uids)

    def forget(self, namespace: str, name: str, asked_by: str, now: datetime) -> int:
        """
        Forget each run of a name, and the runs that it has called; note who asked.

        Returns:
            How many runs are forgotten.

        """
        with told(self._engine), writing(self._engine) as connection:
            named = select(RUNS.c.uid).where(RUNS.c.namespace == namespace, RUNS.c.name == name)
            uids = list(_with_called(connection, list(connection.scalars(named))))
            for each in _batches(uids):
                notes = select(RUNS.c.uid, RUNS.c.namespace, RUNS.c.name).where(
                    RUNS.c.uid.in_(each)
                )
                connection.execute(
                    insert(ERASURES),
                    [
                        {
                            "run_uid": row.uid,
                            "namespace": row.namespace,
                            "name": row.name,
                            "asked_by": asked_by,
                            "asked": now,
                        }
                        for row in connection.execute(notes).all()
                    ],
                )
            _remove(connection, uids)
            return len(uids)


def _has(connection: Connection, uid: str) -> bool:
    kept = select(func.count()).select_from(RUNS).where(RUNS.c.uid == uid)
    erased = select(func.count()).select_from(ERASURES).where(ERASURES.c.run_uid == uid)
    return bool(connection.scalar(kept) or connection.scalar(erased))


def _insert(connection: Connection, kept: KeptRun, now: datetime) -> None:
    if kept.definition is not None:
        name = digest(kept.definition)
        known = select(DEFINITIONS.c.digest).where(DEFINITIONS.c.digest == name)
        if connection.scalar(known) is None:
            row = {"digest": name, "body": packed(kept.definition)}
            connection.execute(insert(DEFINITIONS), row)
    connection.execute(insert(RUNS), run_row(kept, now))
    connection.execute(insert(RUN_OBJECTS), {"run_uid": kept.uid, "body": packed(kept.run)})
    for table, rows in PARTS:
        for batch in _batches(list(rows(kept))):
            connection.execute(insert(table), batch)


def _with_called(connection: Connection, uids: list[str]) -> Iterator[str]:
    """Yield runs, those that they have called, and so on."""
    while uids:
        yield from uids
        called = select(RUNS.c.uid).where(RUNS.c.caller_uid.in_(uids))
        uids = list(connection.scalars(called))


def _remove(connection: Connection, uids: list[str]) -> None:
    """Remove runs with their rows, and definitions that no run has any more."""
    for batch in _batches(uids):
        used = select(RUNS.c.definition).where(RUNS.c.uid.in_(batch)).distinct()
        digests = [each for each in connection.scalars(used) if each is not None]
        connection.execute(delete(RUNS).where(RUNS.c.uid.in_(batch)))
        needed = select(RUNS.c.definition).where(RUNS.c.definition == DEFINITIONS.c.digest)
        connection.execute(
            delete(DEFINITIONS).where(DEFINITIONS.c.digest.in_(digests), ~needed.exists())
        )


def _batches(rows: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]
