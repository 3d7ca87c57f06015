"""
Reads the ledger: lists of runs, and one run with all that belongs to it.

Objects come out as they were in the cluster, so that people see of an archived run what they saw of
it there. Knows tables; prints nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Engine, Row, Select, select

from headrace.api.v1alpha1 import labels
from headrace.api.v1alpha1.reasons import Reason
from headrace.archive.ledger.database import told
from headrace.archive.ledger.kept import KeptLog, unpacked
from headrace.archive.ledger.search import Search
from headrace.archive.ledger.tables import (
    DEFINITIONS,
    EVENTS,
    LOGS,
    RUN_OBJECTS,
    RUNS,
    TASK_RUNS,
)
from headrace.views.objects import Object

REASONS: Final = {each.value.lower(): each.value for each in Reason}
FAILED: Final = "failed"
"""Also each other way to fail, as `headrace.views.tones.has_status` has it."""


@dataclass(frozen=True, slots=True)
class ArchivedRun:
    """A run, with what a reader needs to show it."""

    run: Object
    tasks: tuple[Object, ...]
    definition: Object | None
    warnings: tuple[tuple[str, str], ...]
    """The name of an object and a warning on it, newest first."""


class Reader:
    """Reads one database."""

    def __init__(self, engine: Engine) -> None:
        """Read through an engine; its schema is today's."""
        self._engine = engine

    def runs(self, search: Search) -> list[Object]:
        """Return runs, newest first."""
        with told(self._engine), self._engine.connect() as connection:
            found = connection.execute(_search(search)).all()
        return [_marked(row) for row in found]

    def names(self, namespace: str, most: int) -> list[str]:
        """Return the names of the newest runs of a namespace."""
        newest = select(RUNS.c.name).where(RUNS.c.namespace == namespace)
        newest = newest.order_by(RUNS.c.created.desc(), RUNS.c.uid.desc()).limit(most)
        with told(self._engine), self._engine.connect() as connection:
            return list(dict.fromkeys(connection.scalars(newest)))

    def run(self, namespace: str, name: str) -> ArchivedRun | None:
        """Return the newest run of a name with its parts; None: there is none."""
        with told(self._engine), self._engine.connect() as connection:
            row = connection.execute(_newest(namespace, name)).first()
            if row is None:
                return None
            tasks = select(TASK_RUNS.c.body).where(TASK_RUNS.c.run_uid == row.uid)
            bodies = connection.scalars(tasks.order_by(TASK_RUNS.c.started, TASK_RUNS.c.uid)).all()
            known = select(DEFINITIONS.c.body).where(DEFINITIONS.c.digest == row.definition)
            definition = connection.scalar(known)
            warned = select(EVENTS.c.object, EVENTS.c.message).where(
                EVENTS.c.run_uid == row.uid, EVENTS.c.type == "Warning"
            )
            warnings = connection.execute(warned.order_by(EVENTS.c.last.desc())).all()
        return ArchivedRun(
            _marked(row),
            tuple(unpacked(body) for body in bodies),
            None if definition is None else unpacked(definition),
            tuple((each.object, each.message) for each in warnings),
        )

    def logs(
        self, namespace: str, name: str, task: str | None = None, attempt: int | None = None
    ) -> Iterator[KeptLog]:
        """Yield the logs of the newest run of a name, one by one."""
        with told(self._engine), self._engine.connect() as connection:
            row = connection.execute(_newest(namespace, name)).first()
            wanted = select(LOGS.c.pod).where(LOGS.c.run_uid == (row.uid if row else ""))
            if task is not None:
                wanted = wanted.where(LOGS.c.task == task)
            if attempt is not None:
                wanted = wanted.where(LOGS.c.attempt == attempt)
            order = (LOGS.c.task, LOGS.c.attempt, LOGS.c.item, LOGS.c.pod)
            pods = connection.scalars(wanted.order_by(*order)).all()
            for pod in pods:
                one = select(LOGS).where(LOGS.c.run_uid == row.uid, LOGS.c.pod == pod)  # type: ignore[union-attr] # a pod has a run
                log = connection.execute(one).one()
                yield KeptLog(
                    *(log.task, log.attempt, log.item, log.pod, log.body, log.size, log.cut)
                )


def _newest(namespace: str, name: str) -> Select[Any]:
    """Return the query for the newest run of a name: names may be used again."""
    columns = (RUNS.c.uid, RUNS.c.definition, RUNS.c.archived, RUN_OBJECTS.c.body)
    named = select(*columns).join(RUN_OBJECTS).where(RUNS.c.namespace == namespace)
    return named.where(RUNS.c.name == name).order_by(RUNS.c.created.desc(), RUNS.c.uid).limit(1)


def _search(search: Search) -> Select[Any]:
    """Return the query of a search: first the keys by an index, then the objects of these alone."""
    keys = select(RUNS.c.uid).where(*_conditions(search))
    keys = keys.order_by(RUNS.c.created.desc(), RUNS.c.uid.desc())
    if search.most:
        keys = keys.limit(search.most)
    chosen = keys.subquery()
    columns = select(RUNS.c.uid, RUNS.c.archived, RUN_OBJECTS.c.body)
    joined = columns.join(chosen, chosen.c.uid == RUNS.c.uid).join(RUN_OBJECTS)
    return joined.order_by(RUNS.c.created.desc(), RUNS.c.uid.desc())


def _conditions(search: Search) -> Iterator[ColumnElement[bool]]:
    if search.namespace is not None:
        yield RUNS.c.namespace == search.namespace
    if search.workflow is not None:
        yield RUNS.c.workflow == search.workflow
    if search.name:
        yield RUNS.c.name.contains(search.name, autoescape=True)
    if search.status is not None:
        yield _in_state(search.status)


def _in_state(word: str) -> ColumnElement[bool]:
    """Return the condition of a state; the index knows reasons as they are written."""
    if word.lower() == FAILED:
        return RUNS.c.failed.is_(True)
    return RUNS.c.reason == REASONS.get(word.lower(), word)


def _marked(row: Row[Any]) -> Object:
    """Return the object of a run with the mark that it is archived, as the cluster shows it."""
    run: dict[str, Any] = unpacked(row.body)
    written = row.archived.strftime("%Y-%m-%dT%H:%M:%SZ")
    metadata = run.get("metadata", {})
    annotations = {**(metadata.get("annotations") or {}), labels.ARCHIVED: written}
    return {**run, "metadata": {**metadata, "annotations": annotations}}
