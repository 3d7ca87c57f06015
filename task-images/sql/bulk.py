"""
How many rows get into a table: ADBC and COPY for PostgreSQL, batches for others.

Knows each database's way. Knows no parameter.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import adbc_driver_postgresql.dbapi as adbc
import pyarrow as pa
from connecting import Place
from sqlalchemy import column as column_of
from sqlalchemy import insert, inspect, table
from sqlalchemy.exc import NoSuchTableError
from statements import Alchemy, Duck, numbered, session
from task_contract import WrongInput, progress

STAGE = "headrace_stage"
"""The temporary table of one transaction."""
EVERY = 1_000_000
"""After how many rows the log says how far it is."""
NATIVE = {
    "bool": pa.bool_(),
    "int2": pa.int16(),
    "int4": pa.int32(),
    "int8": pa.int64(),
    "float4": pa.float32(),
    "float8": pa.float64(),
    "text": pa.string(),
    "varchar": pa.string(),
    "bpchar": pa.string(),
    "bytea": pa.binary(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "timestamptz": pa.timestamp("us", "UTC"),
}
"""The types of PostgreSQL that COPY takes as they are. Others come as text, and are cast."""
TYPES = """
SELECT a.attname, t.typname, format_type(a.atttypid, a.atttypmod)
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
WHERE a.attrelid = CAST(:name AS regclass) AND a.attnum > 0 AND NOT a.attisdropped
"""


class Bulk(Protocol):
    """A transaction that takes many rows."""

    def run(self, statement: str, values: Mapping[str, Any]) -> tuple[list[str], list[Any], int]:
        """Run a statement, as a session."""

    def quoted(self, name: str) -> str:
        """Return an identifier, quoted."""

    def types(self, name: str) -> tuple[dict[str, pa.DataType], dict[str, str]]:
        """Return a table's columns: those whose type is known, and those that come as text."""

    def stage(self, like: str, names: list[str], texts: list[str]) -> None:
        """Make a temporary table with some columns of another one."""

    def ingest(self, name: str, rows: pa.RecordBatchReader) -> int:
        """Put rows into a table; return how many."""

    def on_conflict(self, keys: list[str], others: list[str]) -> str:
        """Return how an INSERT ends that replaces rows with the same key."""


def _upsert(keys: list[str], others: list[str]) -> str:
    found = f" ON CONFLICT ({', '.join(keys)}) DO "
    return found + (
        f"UPDATE SET {', '.join(f'{each} = excluded.{each}' for each in others)}"
        if others
        else "NOTHING"
    )


class PostgresBulk:
    """By ADBC, over one connection."""

    def __init__(self, connection: adbc.Connection) -> None:
        self.connection = connection

    def run(self, statement: str, values: Mapping[str, Any]) -> tuple[list[str], list[Any], int]:
        """Run a statement, as a session."""
        with self.connection.cursor() as cursor:
            cursor.execute(*numbered(statement, values))
            columns = [each[0] for each in cursor.description or []]
            row = cursor.fetchone() if columns else None
            return columns, list(row or []), 0

    def quoted(self, name: str) -> str:
        """Return an identifier, quoted."""
        return '"' + name.replace('"', '""') + '"'

    def types(self, name: str) -> tuple[dict[str, pa.DataType], dict[str, str]]:
        """Return the columns of a table."""
        quoted = ".".join(map(self.quoted, name.split(".")))
        with self.connection.cursor() as cursor:
            cursor.execute(*numbered(TYPES, {"name": quoted}))
            rows = cursor.fetchall()
        native = {column: NATIVE[kind] for column, kind, _ in rows if kind in NATIVE}
        return native, {column: shown for column, kind, shown in rows if kind not in NATIVE}

    def stage(self, like: str, names: list[str], texts: list[str]) -> None:
        """Make a temporary table."""
        columns = ", ".join(
            f"CAST({self.quoted(each)} AS text) AS {self.quoted(each)}"
            if each in texts
            else self.quoted(each)
            for each in names
        )
        made = f"CREATE TEMP TABLE {STAGE} ON COMMIT DROP AS"
        self.run(f"{made} SELECT {columns} FROM {like} LIMIT 0", {})  # noqa: S608

    def ingest(self, name: str, rows: pa.RecordBatchReader) -> int:
        """Put rows into a table."""
        *schema, plain = name.split(".")
        counted = Counted(rows)
        where: dict[str, Any] = {"db_schema_name": schema[0]} if schema else {}
        if name == STAGE:
            where = {"temporary": True}
        with self.connection.cursor() as cursor:
            cursor.adbc_ingest(plain, counted.reader, mode="append", **where)
        return counted.count

    def on_conflict(self, keys: list[str], others: list[str]) -> str:
        """Return how an INSERT ends."""
        return _upsert(keys, others)


class Counted:
    """Batches that are counted as they pass; texts as values of strings."""

    def __init__(self, rows: pa.RecordBatchReader) -> None:
        self.count = 0
        self._said = 0
        self.reader = pa.RecordBatchReader.from_batches(rows.schema, self._pass(rows))

    def _pass(self, rows: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
        for batch in rows:
            yield batch
            self.count += batch.num_rows
            if self.count - self._said >= EVERY:
                self._said = self.count
                progress(self.count, what="rows")


class AlchemyBulk(Alchemy):
    """By statements with many rows."""

    def types(self, name: str) -> tuple[dict[str, pa.DataType], dict[str, str]]:
        """Return the columns of a table."""
        schema, _, plain = name.rpartition(".")
        try:
            found = inspect(self.connection).get_columns(plain, schema or None)
        except NoSuchTableError as error:
            raise WrongInput(f"there is no table {name}; correct table, or create it") from error
        return {}, {each["name"]: "" for each in found}

    def stage(self, like: str, names: list[str], texts: list[str]) -> None:
        """Make a temporary table."""
        del texts
        columns = ", ".join(map(self.quoted, names))
        temporary = f"CREATE TEMPORARY TABLE {STAGE} AS"
        self.run(f"{temporary} SELECT {columns} FROM {like} LIMIT 0", {})  # noqa: S608

    def ingest(self, name: str, rows: pa.RecordBatchReader) -> int:
        """Put rows into a table."""
        schema, _, plain = name.rpartition(".")
        columns = [column_of(each) for each in rows.schema.names]
        target = insert(table(plain, *columns, schema=schema or None))
        counted = Counted(rows)
        for batch in counted.reader:
            if batch.num_rows:
                self.connection.execute(target, batch.to_pylist())
        return counted.count

    def on_conflict(self, keys: list[str], others: list[str]) -> str:
        """Return how an INSERT ends."""
        if self.connection.dialect.name != "mysql":
            return f" WHERE true{_upsert(keys, others)}"
        changed = [f"{each} = VALUES({each})" for each in others or keys[:1]]
        return f" ON DUPLICATE KEY UPDATE {', '.join(changed)}"


class DuckBulk(Duck):
    """By Arrow, in this process."""

    def types(self, name: str) -> tuple[dict[str, pa.DataType], dict[str, str]]:
        """Return the columns of a table."""
        quoted = ".".join(map(self.quoted, name.split(".")))
        found = self.connection.execute(f"SELECT * FROM {quoted} LIMIT 0")  # noqa: S608
        return {}, {each[0]: "" for each in found.description}

    def stage(self, like: str, names: list[str], texts: list[str]) -> None:
        """Make a temporary table."""
        del texts
        columns = ", ".join(map(self.quoted, names))
        made = f"CREATE TEMP TABLE {STAGE} AS"
        self.run(f"{made} SELECT {columns} FROM {like} LIMIT 0", {})  # noqa: S608

    def ingest(self, name: str, rows: pa.RecordBatchReader) -> int:
        """Put rows into a table."""
        target = ".".join(map(self.quoted, name.split(".")))
        columns = ", ".join(map(self.quoted, rows.schema.names))
        counted = Counted(rows)
        self.connection.register("headrace_rows", counted.reader)
        self.connection.execute(
            f"INSERT INTO {target} ({columns}) SELECT {columns} FROM headrace_rows"  # noqa: S608
        )
        self.connection.unregister("headrace_rows")
        return counted.count

    def on_conflict(self, keys: list[str], others: list[str]) -> str:
        """Return how an INSERT ends."""
        return _upsert(keys, others)


@contextmanager
def bulk(place: Place) -> Iterator[Bulk]:
    """Begin a transaction; commit it at the end, or roll it back."""
    if place.kind == "postgresql":
        with adbc.connect(place.adbc) as connection:
            yield PostgresBulk(connection)
            connection.commit()
        return
    with session(place) as now:
        yield DuckBulk(now.connection) if isinstance(now, Duck) else AlchemyBulk(now.connection)
