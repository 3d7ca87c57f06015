"""
The program of the template `transform`: a query of DuckDB over files, its result as a file.

Knows the steps. What the machine has is `limits`; how it ends is `task_contract`.
"""

import glob
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Timer
from typing import Any

import duckdb
from limits import cores, memory_bytes
from task_contract import (
    CheckFailed,
    End,
    TryAgain,
    WrongInput,
    info,
    on_stop,
    run,
    values_for,
    write_outputs,
)

READERS = {
    ".parquet": "read_parquet",
    ".csv": "read_csv",
    ".tsv": "read_csv",
    ".json": "read_json",
    ".jsonl": "read_json",
    ".ndjson": "read_json",
}
FORMS = {
    ".parquet": "(FORMAT parquet, COMPRESSION zstd)",
    ".csv": "(FORMAT csv, HEADER true)",
    ".json": "(FORMAT json)",
    ".jsonl": "(FORMAT json)",
}
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")

WORDS: tuple[tuple[str, type[End], str], ...] = (
    ("Out of Memory", End, "raise the memory limit of the task"),
    ("INTERRUPT", TryAgain, "it takes longer than timeoutSeconds; raise it, or read less"),
    ("No space left|File too large|disk is full|Could not write|Failed to write", End, "make room"),
    ("Permission Error|disabled by configuration", WrongInput, "name the file under inputs"),
    ("Values were not provided|named parameters", WrongInput, "correct values"),
    ("magic bytes|too small to be|Corrupt|corrupt|deserialize|Snappy|ZSTD|Malformed|sniffing",
     CheckFailed, "a file is damaged, or of another form"),
    ("Conversion Error|Constraint Error|Out of Range|Invalid Input Error|thrift|TProtocol",
     CheckFailed, "the data do not fit, or a file is damaged; correct the data"),
    ("IO Error", CheckFailed, "a file cannot be read; correct it"),
    ("", WrongInput, "correct query or values"),
)  # fmt: skip
"""What errors of DuckDB say; the first that fits counts."""


@dataclass(frozen=True, slots=True)
class Call:
    """The parameters."""

    query: str
    output: str
    inputs: dict[str, str] = field(default_factory=dict)
    database: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    timeoutSeconds: int = 3_600  # noqa: N815 - the names of parameters


def main() -> None:
    """Do what the parameters say."""
    call = checked()
    form = FORMS.get(Path(call.output).suffix.lower())
    if form is None:
        raise WrongInput(f"the form of {call.output} is not known; end it with .parquet or .csv")
    read = {name: found(name, path) for name, path in call.inputs.items()}
    with tempfile.TemporaryDirectory() as spill, whole(call.output) as part:
        try:
            count = transformed(call, read, f"{part}", form, spill)
        except duckdb.Error as error:
            raise judged(error) from error
        size = part.stat().st_size
    write_outputs(rows=count, bytes=size)
    info(f"{count:,} rows are in {call.output}", rows=count, bytes=size)


def checked() -> Call:
    """Return the parameters, if together they make sense."""
    call = values_for(Call)
    if not isinstance(call.inputs, dict) or not isinstance(call.values, dict):
        raise WrongInput("inputs and values are objects: names, and what they stand for")
    for name, path in call.inputs.items():
        if NAME.fullmatch(name) is None or not isinstance(path, str):
            raise WrongInput(f"input {name[:60]!r} is no name of letters and digits for a path")
    if call.timeoutSeconds < 1:
        raise WrongInput("timeoutSeconds is 1 at least")
    try:
        statements = duckdb.extract_statements(call.query)
    except duckdb.Error as error:
        raise judged(error) from error
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise WrongInput("query is one SELECT; correct it")
    return call


def found(name: str, path: str) -> tuple[str, list[str]]:
    """Return what reads an input, and its files."""
    plain = re.sub(r"\.(gz|zst)$", "", path.lower())
    reader = READERS.get(Path(plain).suffix)
    if reader is None:
        raise WrongInput(f"the form of input {name} is not known; it is .parquet, .csv or .json")
    files = [path] if Path(path).is_file() else sorted(glob.glob(path, recursive=True))  # noqa: PTH207 - it may be absolute
    if not files:
        raise WrongInput(f"input {name}: there is no file {path}; correct the path")
    return reader, [str(Path(each).absolute()) for each in files]


def transformed(
    call: Call, read: dict[str, tuple[str, list[str]]], part: str, form: str, spill: str
) -> int:
    """Write what the query gives; return how many rows."""
    config: dict[str, Any] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "temp_directory": spill,
        "threads": cores(),
        "memory_limit": f"{memory_bytes() // 2**20}MiB",
    }
    with duckdb.connect(":memory:", config=config) as connection:
        if call.database:
            attach(connection, call.database)
        files = [each for _, several in read.values() for each in several]
        connection.execute("SET allowed_paths = $1", [[*files, part]])
        connection.execute("SET enable_external_access = false")
        for name, (reader, several) in read.items():
            listed = ", ".join(quoted(each) for each in several)
            connection.execute(f'CREATE VIEW "{name}" AS SELECT * FROM {reader}([{listed}])')  # noqa: S608
        connection.execute("SET lock_configuration = true")
        on_stop(connection.interrupt)
        timer = Timer(call.timeoutSeconds, connection.interrupt)
        timer.daemon = True
        timer.start()
        try:
            query = call.query.strip().rstrip(";")
            copy = f"COPY (\n{query}\n) TO {quoted(part)} {form}"
            row = connection.execute(copy, call.values or None).fetchone()
        finally:
            timer.cancel()
        return int(row[0]) if row else 0


def attach(connection: duckdb.DuckDBPyConnection, path: str) -> None:
    """Make the tables of a file of DuckDB readable, as `db.name`."""
    if not Path(path).is_file():
        raise WrongInput(f"there is no database {path}; correct the path")
    connection.execute(f"ATTACH {quoted(path)} AS db (READ_ONLY)")


def quoted(text: str) -> str:
    """Return a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def judged(error: Exception) -> End:
    """Return how the task ends after an error of DuckDB."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    first = (lines[0] if lines else type(error).__name__)[:300].rstrip(".:")
    for pattern, kind, cure in WORDS:
        if re.search(pattern, str(error)):
            return kind(f"{first}: {cure}")
    return WrongInput(first)


@contextmanager
def whole(path: str) -> Iterator[Path]:
    """Give a place to write to, which becomes the file at the end; else nothing is left."""
    target = Path(path).absolute()
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        for left in target.parent.glob(f".{glob.escape(target.name)}.*.part"):
            left.unlink(missing_ok=True)  # Of an attempt that was killed.
        yield part
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(target)
        folder = os.open(target.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or error
        raise End(f"{path} cannot be written: {said}; make room, or correct output") from error
    finally:
        with suppress(OSError, ValueError):
            part.unlink(missing_ok=True)


if __name__ == "__main__":
    run(main)
