"""
Step 1: bring one table in, with the types that it must have.

Knows how a table gets from the source to a Parquet file. Does not judge what is in it; the
checks do, once all tables are there and can be compared.

    python -m flights.ingest planes
"""

import argparse
import logging
import tempfile
from pathlib import Path

import duckdb

from .contract import Context, DataIsBadError, Outputs, run_task
from .damage import DAMAGED_PLANES
from .database import Connection, database
from .layout import layout_of, written_whole
from .source import TABLES, csv_of, source_folder

log = logging.getLogger(__name__)


def ingest(name: str, context: Context, source: Path) -> Outputs:
    """
    Write table `name` from the folder `source` to its Parquet file.

    Raises:
        DataIsBadError: The file has other columns or types than expected.

    """
    target = layout_of(context).raw(name)
    with tempfile.TemporaryDirectory() as scratch, database() as connection:
        _read(connection, name, csv_of(TABLES[name], source, Path(scratch)))
        if name == "planes" and context.flag("injectBadTable"):
            log.warning("injectBadTable is true: planes are damaged on purpose")
            connection.execute(DAMAGED_PLANES)
        rows = _write(connection, target)
    log.info("%s: %s rows, %s KiB", name, f"{rows:,}", target.stat().st_size // 1024)
    return {"table": name, "rows": rows}


def _read(connection: Connection, name: str, csv: Path) -> None:
    """Read a CSV file into the table `incoming`."""
    table = TABLES[name]
    try:
        connection.read_csv(
            str(csv),
            header=True,
            auto_detect=False,
            sep=",",
            quotechar='"',
            na_values="NA",
            columns=dict(table.columns),
        ).create("incoming")
    except (duckdb.ConversionException, duckdb.InvalidInputException) as error:
        raise DataIsBadError(f"{table.file} does not have the expected types: {error}") from error


def _write(connection: Connection, target: Path) -> int:
    """Write the table `incoming` to a Parquet file; return its rows."""
    with written_whole(target) as partial:
        connection.execute("copy incoming to $1 (format parquet)", [str(partial)])
    row = connection.execute("select count(*) from incoming").fetchone()
    return int(row[0]) if row else 0


def main() -> None:
    """Run as the task `ingest-<table>`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", choices=sorted(TABLES))
    name = parser.parse_args().table
    run_task(lambda context: ingest(name, context, source_folder()))


if __name__ == "__main__":
    main()
