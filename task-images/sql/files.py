"""
Files of rows, Parquet and CSV: read in batches, written as a whole or not at all.

Knows Arrow. Knows no database.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from task_contract import CheckFailed, End, WrongInput

SUFFIXES = {".parquet": "parquet", ".pq": "parquet", ".csv": "csv", ".tsv": "csv", ".txt": "csv"}


def form_of(path: str, given: str) -> str:
    """Return the form of a file: `parquet` or `csv`."""
    form = given or SUFFIXES.get(Path(path).suffix.lower(), "")
    if form not in {"parquet", "csv"}:
        raise WrongInput(f"the form of {path} is not known; give format: parquet or csv")
    return form


def names_in(path: str, form: str, delimiter: str) -> list[str]:
    """Return the names of a file's columns."""
    with _explained(path):
        if form == "parquet":
            return list(pyarrow.parquet.read_schema(path).names)
        with pyarrow.csv.open_csv(path, parse_options=_parse(delimiter)) as reader:
            return list(reader.schema.names)


@contextmanager
def reading(
    path: str, form: str, delimiter: str, rows: int, types: Mapping[str, pa.DataType]
) -> Iterator[pa.RecordBatchReader]:
    """
    Read a file in batches.

    Args:
        path: Where it is.
        form: `parquet` or `csv`.
        delimiter: Of CSV.
        rows: How many a batch has, of Parquet.
        types: Those that columns must have; a CSV's other columns are texts.

    Raises:
        End: It is not there, or damaged, or its values have other types.

    """
    with _explained(path):
        if form == "parquet":
            with pyarrow.parquet.ParquetFile(path) as file:
                wanted = pa.schema(
                    [(each.name, types.get(each.name, each.type)) for each in file.schema_arrow]
                )
                batches = file.iter_batches(batch_size=rows)
                yield pa.RecordBatchReader.from_batches(wanted, _cast(batches, wanted))
            return
        names = names_in(path, form, delimiter)
        convert = pyarrow.csv.ConvertOptions(
            column_types={name: types.get(name, pa.string()) for name in names},
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=["true", "t", "1", "True", "TRUE"],
            false_values=["false", "f", "0", "False", "FALSE"],
        )
        parse = _parse(delimiter)
        with pyarrow.csv.open_csv(path, parse_options=parse, convert_options=convert) as reader:
            yield pa.RecordBatchReader.from_batches(reader.schema, iter(reader))


def _parse(delimiter: str) -> pyarrow.csv.ParseOptions:
    return pyarrow.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)


def _cast(batches: Iterator[pa.RecordBatch], wanted: pa.Schema) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        yield batch if batch.schema.equals(wanted) else batch.cast(wanted)


@contextmanager
def _explained(path: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise WrongInput(f"{path} is not there; correct the path") from error
    except pa.ArrowInvalid as error:
        first = str(error).splitlines()[0][:200].rstrip(".")
        raise CheckFailed(
            f"{path} cannot be read: {first}; it is damaged, or of another form"
        ) from error
    except (OSError, pa.ArrowException, ValueError) as error:
        if isinstance(error, pa.ArrowException | OSError):
            first = str(error).splitlines()[0][:200].rstrip(".")
            raise CheckFailed(f"{path} cannot be read: {first}; correct it") from error
        raise


@contextmanager
def whole(path: str) -> Iterator[Path]:
    """Give a place to write to, which becomes the file at the end; else nothing is left."""
    target = Path(path)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        for left in target.parent.glob(f".{_plain(target.name)}.*.part"):
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
        raise End(f"{path} cannot be written: {said}; make room, or correct the path") from error
    finally:
        with suppress(OSError, ValueError):
            part.unlink(missing_ok=True)


def _plain(name: str) -> str:
    """Return a name in which no character is a pattern."""
    return "".join(f"[{each}]" if each in "*?[" else each for each in name)


def write(path: str, form: str, delimiter: str, reader: Any) -> int:
    """Write batches into a file; return how many rows it has."""
    count = 0
    with whole(path) as part:
        schema = reader.schema
        if form == "parquet":
            writer: Any = pyarrow.parquet.ParquetWriter(part, schema, compression="zstd")
        else:
            options = pyarrow.csv.WriteOptions(delimiter=delimiter)
            writer = pyarrow.csv.CSVWriter(part, schema, write_options=options)
        with writer:
            for batch in reader:
                writer.write_batch(batch)
                count += batch.num_rows
    return count
