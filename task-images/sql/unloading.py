"""
A query into a file, as a whole or not at all.

Knows ADBC for PostgreSQL, Arrow of DuckDB, and rows of the others.
"""

from collections.abc import Iterator
from typing import Any

import adbc_driver_postgresql.dbapi as adbc
import psycopg
import pyarrow as pa
from bulk import Counted
from connecting import Place, engine_of
from files import form_of, write
from sqlalchemy import text
from statements import numbered, session
from task_contract import CheckFailed


def unload(call: Any, place: Place, statement: str) -> dict[str, Any]:
    """Write what a query gives into a file."""
    form = form_of(call.unload, call.format)
    statement = statement.strip().rstrip(";")
    if place.kind == "postgresql":
        count = _postgres(call, place, form, statement)
    elif place.kind == "duckdb":
        with session(place) as now:
            connection: Any = now.connection
            found = connection.execute(*numbered(statement, call.values))
            reader = found.to_arrow_reader(call.batchRows)
            count = write(call.unload, form, call.delimiter, Counted(reader).reader)
    else:
        with session(place, write=False) as now:
            result = now.connection.execution_options(stream_results=True)
            if call.values:
                rows = result.execute(text(statement), call.values)
            else:  # A colon means nothing then.
                plain = result.execution_options(no_parameters=True)
                rows = plain.exec_driver_sql(statement)
            reader = _batches(list(rows.keys()), rows, call.batchRows)
            count = write(call.unload, form, call.delimiter, Counted(reader).reader)
    return {"rows": count, "repeated": False}


def _postgres(call: Any, place: Place, form: str, statement: str) -> int:
    if call.values:
        engine = engine_of(place)
        with engine.connect() as connection:  # The driver's own quoting, for COPY takes no values.
            compiled: Any = text(statement).compile(dialect=engine.dialect)
            raw: Any = connection.connection.driver_connection
            bound = psycopg.ClientCursor(raw).mogrify(compiled.string, call.values)
        engine.dispose()
    else:
        bound = statement
    with adbc.connect(place.adbc) as connection, connection.cursor() as cursor:
        cursor.execute(bound)
        reader = cursor.fetch_record_batch()
        return write(call.unload, form, call.delimiter, Counted(_storage(reader)).reader)


def _storage(reader: Any) -> pa.RecordBatchReader:
    """Return batches without the extension types of ADBC: `numeric` is text then."""
    kinds = [
        (
            each.name,
            _stored(each.type),
        )
        for each in reader.schema
    ]
    wanted = pa.schema(kinds)

    def plain() -> Iterator[pa.RecordBatch]:
        for batch in reader:
            columns = [
                each.storage if isinstance(each, pa.ExtensionArray) else each
                for each in batch.columns
            ]
            yield pa.RecordBatch.from_arrays(columns, schema=wanted)

    return pa.RecordBatchReader.from_batches(wanted, plain())


def _stored(kind: pa.DataType) -> pa.DataType:
    return kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind


def _batches(names: list[str], rows: Any, size: int) -> pa.RecordBatchReader:
    """Return rows of Python as batches; the first ones say the types."""
    first = rows.fetchmany(size)
    schema = None
    kinds = []
    for number, name in enumerate(names):
        column = _array(name, [row[number] for row in first], None)
        kinds.append((name, pa.string() if pa.types.is_null(column.type) else column.type))
    schema = pa.schema(kinds)

    def made() -> Iterator[pa.RecordBatch]:
        part = first
        while part:
            arrays = [
                _array(each.name, [row[number] for row in part], each.type)
                for number, each in enumerate(schema)
            ]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)
            part = rows.fetchmany(size)

    return pa.RecordBatchReader.from_batches(schema, made())


def _array(name: str, values: list[Any], kind: pa.DataType | None) -> pa.Array:
    try:
        return pa.array(values, kind)
    except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
        raise CheckFailed(
            f"column {name!r} has values of several types; CAST it in the query"
        ) from error
