"""
Statements and scripts, in one transaction, with bound values.

Knows SQLAlchemy, and DuckDB by its own interface. A value is bound, never written into a text.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import isfinite
from threading import Timer
from typing import Any, Protocol

import duckdb
import sqlparse
from claiming import COLUMNS, Claim
from connecting import QUIET, Place, engine_of
from sqlalchemy import Connection, text
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.exc import DBAPIError, StatementError
from task_contract import WrongInput, info

NUMBERED = DefaultDialect(paramstyle="numeric_dollar")
DONE = {"rows": 0, "repeated": True}


class Session(Protocol):
    """A transaction."""

    def run(self, statement: str, values: Mapping[str, Any]) -> tuple[list[str], list[Any], int]:
        """Run a statement; return columns, the first row, and how many there are or changed."""

    def quoted(self, name: str) -> str:
        """Return an identifier, quoted."""


class Alchemy:
    """A session by SQLAlchemy."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def run(self, statement: str, values: Mapping[str, Any]) -> tuple[list[str], list[Any], int]:
        """Run a statement, as a session."""
        if values:
            result = self.connection.execute(text(statement), dict(values))
        else:  # A percent sign or a colon means nothing then.
            plain = self.connection.execution_options(no_parameters=True)
            result = plain.exec_driver_sql(statement)
        if not result.returns_rows:
            return [], [], max(result.rowcount, 0)
        columns, count, first = list(result.keys()), 0, []
        while rows := result.fetchmany(10_000):
            first = first or list(rows[0])
            count += len(rows)
        return columns, first, count

    def quoted(self, name: str) -> str:
        """Return an identifier, quoted."""
        return self.connection.dialect.identifier_preparer.quote_identifier(name)


class Duck:
    """A session of DuckDB."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    def run(self, statement: str, values: Mapping[str, Any]) -> tuple[list[str], list[Any], int]:
        """Run a statement, as a session."""
        result = self.connection.execute(*numbered(statement, values))
        columns = [each[0] for each in result.description or []]
        if columns in ([], ["Count"], ["Success"]):
            rows = result.fetchall()
            return [], [], int(rows[0][0]) if rows and columns == ["Count"] else 0
        count, first = 0, []
        while rows := result.fetchmany(10_000):
            first = first or list(rows[0])
            count += len(rows)
        return columns, first, count

    def quoted(self, name: str) -> str:
        """Return an identifier, quoted."""
        return '"' + name.replace('"', '""') + '"'


def numbered(statement: str, values: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """Return a statement with `$1` for `:name`, and the values in this order."""
    if not values:
        return statement, []
    compiled: Any = text(statement).compile(dialect=NUMBERED)
    try:
        return compiled.string, [values[name] for name in compiled.positiontup or []]
    except KeyError as error:
        raise WrongInput(f"the statement has :{error.args[0]}, and values has not") from error


@contextmanager
def session(place: Place, *, write: bool = True) -> Iterator[Alchemy | Duck]:
    """Begin a transaction; commit it at the end, or roll it back."""
    if place.kind == "duckdb":
        with duckdb.connect(place.url.database or "", config=QUIET) as connection:
            connection.begin()
            with _limited(place, connection.interrupt):
                yield Duck(connection)
            connection.commit()
        return
    engine = engine_of(place, write=write)
    try:
        with engine.begin() as alchemy:
            if place.kind == "sqlite":
                raw: Any = alchemy.connection.dbapi_connection
                with _limited(place, raw.interrupt):
                    yield Alchemy(alchemy)
            else:
                yield Alchemy(alchemy)
    finally:
        engine.dispose()


@contextmanager
def _limited(place: Place, interrupt: Any) -> Iterator[None]:
    """Interrupt a database in this process when the time is over."""
    timer = Timer(place.seconds, interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def claimed(now: Session, claim: Claim) -> bool:
    """Return whether the work is to be done: nobody did it in this run."""
    if not claim.id:
        return True
    table = qualified(now, claim.ledger)
    id_ = {"id": claim.id}
    _, row, _ = now.run(f"SELECT row_count FROM {table} WHERE load_id = :id", id_)  # noqa: S608
    if row:
        info("an earlier attempt of this run has done it; nothing to do")
        return False
    insert = f"INSERT INTO {table} (load_id, target) VALUES (:id, :target)"  # noqa: S608
    now.run(insert, {**id_, "target": claim.target})
    return True


def prepare(place: Place, claim: Claim) -> None:
    """Make the table of claims, if there is none: in a transaction of its own."""
    if not claim.id:
        return
    try:
        with session(place) as now:
            now.run(f"SELECT 1 FROM {qualified(now, claim.ledger)} WHERE 1 = 0", {})  # noqa: S608
            return
    except (DBAPIError, duckdb.Error):
        pass  # Most often it is not there. What else it is, the next statement says.
    try:
        with session(place) as now:
            now.run(f"CREATE TABLE IF NOT EXISTS {qualified(now, claim.ledger)} ({COLUMNS})", {})
    except DBAPIError:
        with session(place) as now:  # Another task was first, or it may not be made.
            now.run(f"SELECT 1 FROM {qualified(now, claim.ledger)} WHERE 1 = 0", {})  # noqa: S608


def qualified(now: Session, name: str) -> str:
    """Return the name of a table, with a schema before a dot, quoted."""
    return ".".join(map(now.quoted, name.split(".")))


def execute(
    place: Place, script: str, values: Mapping[str, Any], claim: Claim | None
) -> dict[str, Any]:
    """Run a script in one transaction; return what its last statement says."""
    parts = [each for each in sqlparse.split(script) if sqlparse.format(each, strip_comments=True)]
    columns, first, count = list[str](), list[Any](), 0
    if claim is not None:
        prepare(place, claim)
    try:
        with session(place) as now:
            if claim is not None and not claimed(now, claim):
                return dict(DONE)
            for part in parts:
                columns, first, count = now.run(part.rstrip().rstrip(";"), values)
    except StatementError as error:
        if isinstance(error, DBAPIError):
            raise
        raise WrongInput(f"{error.orig}; correct values") from error
    shown = {name: plain(value) for name, value in zip(columns, first, strict=False)}
    return {"rows": count, "repeated": False, "columns": columns, "first": shown or None}


def plain(value: Any) -> Any:  # noqa: PLR0911 - a table of types
    """Return a value as JSON has it."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    return value if isinstance(value, str | int | float | bool | None) else str(value)
