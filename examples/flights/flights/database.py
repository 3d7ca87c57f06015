"""
How the tasks open DuckDB.

Knows connections and their settings. Does not know the tables' columns.
"""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

Connection = duckdb.DuckDBPyConnection

MAX_THREADS = 4
"""Each thread needs memory of its own: on a node with 64 cores, 64 would outgrow the limits that
workflow.yaml gives the tasks, and would win little on tables of this size."""


@contextmanager
def database(path: Path | None = None) -> Iterator[Connection]:
    """
    Open a database: the file `path`, or one in memory that is gone afterwards.

    Memory follows the container's limit by itself: DuckDB takes 80 % of the cgroup's memory, so an
    attempt that Headrace gave more memory also uses it. What does not fit goes to the temporary
    folder, since the working folder may be read-only.
    """
    with (
        tempfile.TemporaryDirectory(prefix="duckdb-") as spill,
        duckdb.connect(str(path or ":memory:")) as connection,
    ):
        connection.execute("set temp_directory = $1", [spill])
        connection.execute("set threads = $1", [min(MAX_THREADS, os.cpu_count() or 1)])
        connection.execute("set TimeZone = 'UTC'")  # else a cast to a date depends on the machine
        connection.execute("set autoinstall_known_extensions = false")  # no network in a task
        yield connection


def add_views(
    connection: Connection,
    tables: Iterable[str],
    file_of: Callable[[str], Path],
    prefix: str = "",
) -> None:
    """Make each table's Parquet file readable under its name, with `prefix` before it."""
    for table in tables:
        connection.read_parquet(str(file_of(table))).create_view(prefix + table)
