"""
The tables of the ledger, as the newest migration leaves them.

Whole objects are kept compressed, beside the columns that lists and people's own SQL need. Keys are
natural, so a run has its rows once: its uid, a TaskRun's uid, the number of an attempt.
"""

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)


class Instant(TypeDecorator[datetime]):
    """An instant in UTC, also in a database that keeps no time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's form
        """Write an instant."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's form
        """Read an instant."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


METADATA: Final = MetaData()

UID: Final = String(64)
NAME: Final = String(253)
WORD: Final = String(64)


def _of(parent: str, key: str) -> ForeignKey:
    """Return the key of a parent's row. A row goes with its parent."""
    return ForeignKey(f"{parent}.{key}", ondelete="CASCADE")


DEFINITIONS: Final = Table(
    "definitions",
    METADATA,
    Column("digest", String(64), primary_key=True),
    Column("body", LargeBinary, nullable=False),
)
RUNS: Final = Table(
    "runs",
    METADATA,
    Column("uid", UID, primary_key=True),
    Column("namespace", String(63), nullable=False),
    Column("name", NAME, nullable=False),
    Column("workflow", NAME, nullable=False),
    Column("definition", String(64), ForeignKey("definitions.digest")),
    Column("revision", NAME, nullable=False),
    Column("caller_uid", UID, nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("created", Instant, nullable=False),
    Column("logical_time", Instant),
    Column("started", Instant),
    Column("finished", Instant, nullable=False),
    Column("reason", WORD, nullable=False),
    Column("succeeded", Boolean, nullable=False),
    Column("failed", Boolean, nullable=False),
    Column("archived", Instant, nullable=False),
    Index("runs_by_time", "created", "uid"),
    Index("runs_by_namespace", "namespace", "created", "uid"),
    Index("runs_by_workflow", "namespace", "workflow", "created", "uid"),
    Index("runs_by_failure", "namespace", "failed", "created", "uid"),
    Index("runs_by_reason", "namespace", "reason", "created", "uid"),
    Index("runs_by_name", "namespace", "name", "created"),
    Index("runs_by_end", "finished"),
    Index("runs_by_caller", "caller_uid"),
    Index("runs_by_definition", "definition"),
)
RUN_OBJECTS: Final = Table(
    "run_objects",
    METADATA,
    Column("run_uid", UID, _of("runs", "uid"), primary_key=True),
    Column("body", LargeBinary, nullable=False),
)
TASK_RUNS: Final = Table(
    "task_runs",
    METADATA,
    Column("uid", UID, primary_key=True),
    Column("run_uid", UID, _of("runs", "uid"), nullable=False),
    Column("task", NAME, nullable=False),
    Column("reason", WORD, nullable=False),
    Column("outcome", WORD, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("started", Instant),
    Column("finished", Instant),
    Column("body", LargeBinary, nullable=False),
    Index("task_runs_by_run", "run_uid"),
)
ATTEMPTS: Final = Table(
    "attempts",
    METADATA,
    Column("task_run_uid", UID, _of("task_runs", "uid"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("pod", NAME, nullable=False),
    Column("node", NAME, nullable=False),
    Column("started", Instant),
    Column("finished", Instant),
    Column("exit_code", Integer),
    Column("reason", WORD, nullable=False),
    Column("message", Text, nullable=False),
)
OUTPUTS: Final = Table(
    "outputs",
    METADATA,
    Column("task_run_uid", UID, _of("task_runs", "uid"), primary_key=True),
    Column("name", NAME, primary_key=True),
    Column("value", Text, nullable=False),
)
EVENTS: Final = Table(
    "events",
    METADATA,
    Column("run_uid", UID, _of("runs", "uid"), primary_key=True),
    Column("uid", UID, primary_key=True),
    Column("kind", WORD, nullable=False),
    Column("object", NAME, nullable=False),
    Column("type", WORD, nullable=False),
    Column("reason", String(128), nullable=False),
    Column("message", Text, nullable=False),
    Column("count", Integer, nullable=False),
    Column("last", Instant),
)
LOGS: Final = Table(
    "logs",
    METADATA,
    Column("run_uid", UID, _of("runs", "uid"), primary_key=True),
    Column("pod", NAME, primary_key=True),
    Column("task", NAME, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("item", Integer),
    Column("size", BigInteger, nullable=False),
    Column("cut", Boolean, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
ERASURES: Final = Table(
    "erasures",
    METADATA,
    Column("run_uid", UID, primary_key=True),
    Column("namespace", String(63), nullable=False),
    Column("name", NAME, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked", Instant, nullable=False),
)
"""Which runs were forgotten on request, and who asked. Nothing else of them is kept."""

Row = dict[str, Any]
"""One row, by column."""
