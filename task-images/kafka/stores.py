"""
Where messages go: files or a table, each with the offsets beside the data.

Knows rows and offsets. Knows no broker. What is stored is stored once: a store says where to go on.
"""

import json
import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import (
    BigInteger,
    Column,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, SQLAlchemyError
from task_contract import CheckFailed, End, TryAgain, WrongInput

Row = Mapping[str, Any]
"""A message: topic, partition, offset, time (ms), key, value, headers."""

SHOWN = 300
_NAME = re.compile(r"([0-9]{20})-([0-9]{20})\.jsonl")
_TABLE = re.compile(r"([A-Za-z_][A-Za-z0-9_]{0,62}\.)?[A-Za-z_][A-Za-z0-9_]{0,50}")
DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


class Store(Protocol):
    """Keeps messages together with their offsets."""

    files: int

    def position(self, topic: str, partition: int) -> int | None:
        """Return the offset to go on with; None: nothing is stored yet."""

    def save(self, topic: str, rows: Mapping[int, Sequence[Row]]) -> None:
        """Store messages by partition: all of them or, after a crash, those of whole partitions."""


@dataclass
class Files:
    """A file for each partition and batch; its name has the first and the last offset."""

    folder: Path
    files: int = 0

    def position(self, topic: str, partition: int) -> int | None:
        """Return the offset behind the last file."""
        place = self._place(topic, partition)
        names = [file.name for file in place.iterdir()] if place.is_dir() else []
        for name in names:
            if name.endswith(".part"):  # Somebody was interrupted.
                (place / name).unlink(missing_ok=True)
        ends = [int(found[2]) for name in names if (found := _NAME.fullmatch(name))]
        return max(ends) + 1 if ends else None

    def save(self, topic: str, rows: Mapping[int, Sequence[Row]]) -> None:
        """
        Write the files, each as a whole or not at all.

        Raises:
            End: One cannot be written.

        """
        for partition, messages in rows.items():
            place = self._place(topic, partition)
            first, last = messages[0]["offset"], messages[-1]["offset"]
            whole = place / f"{first:020}-{last:020}.jsonl"
            part = place / f"{whole.name}.part"
            try:
                place.mkdir(parents=True, exist_ok=True)
                with part.open("w", encoding="utf-8", newline="\n") as file:
                    for message in messages:
                        file.write(f"{json.dumps(message)}\n")
                    file.flush()
                    os.fsync(file.fileno())
                part.replace(whole)
                _sync(place)
            except OSError as error:
                with suppress(OSError):
                    part.unlink(missing_ok=True)
                raise End(
                    f"{whole} cannot be written: {error.strerror}; make room, or correct saveTo"
                ) from error
            self.files += 1

    def _place(self, topic: str, partition: int) -> Path:
        return self.folder / f"topic={topic}" / f"partition={partition}"


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@dataclass
class Rows:
    """A table; the offsets are in a second one, written in the same transaction."""

    engine: Engine
    table: Table
    offsets: Table
    files: int = 0
    _known: dict[int, int] = field(default_factory=dict)

    def position(self, topic: str, partition: int) -> int | None:
        """Return the offset behind the last row."""
        key = (self.offsets.c.topic == topic) & (self.offsets.c.partition == partition)
        with self.engine.connect() as connection:
            found = connection.scalar(select(self.offsets.c.next).where(key))
        if found is not None:
            self._known[partition] = found
        return found

    def save(self, topic: str, rows: Mapping[int, Sequence[Row]]) -> None:
        """
        Insert all rows and their offsets, or none.

        Raises:
            TryAgain: Somebody else has stored some of them meanwhile.

        """
        plain = [
            {**each, "headers": json.dumps(each["headers"]), "value": _text(each["value"])}
            for messages in rows.values()
            for each in messages
        ]
        try:
            with self.engine.begin() as connection:
                connection.execute(insert(self.table), plain)
                for partition, messages in rows.items():
                    self._advance(connection, topic, partition, messages[-1]["offset"] + 1)
        except SQLAlchemyError as error:
            raise database_sentence(error) from error
        except UnicodeError as error:
            raise CheckFailed(
                f"a message of {topic} has half a character, which a table cannot have: take saveTo"
            ) from error
        self._known |= {partition: each[-1]["offset"] + 1 for partition, each in rows.items()}

    def _advance(self, connection: Any, topic: str, partition: int, following: int) -> None:
        before = self._known.get(partition)
        if before is None:
            row = {"topic": topic, "partition": partition, "next": following}
            connection.execute(insert(self.offsets), row)
            return
        at = self.offsets.c
        key = (at.topic == topic) & (at.partition == partition) & (at.next == before)
        if connection.execute(update(self.offsets).where(key).values(next=following)).rowcount != 1:
            raise TryAgain(f"another task stores partition {partition} of {topic} too")


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)


def open_table(url: bytes | None, name: str) -> Rows:
    """
    Return a table, which is made if it is missing.

    Raises:
        End: It cannot be opened.

    """
    if url is None:
        raise WrongInput("table needs database, a Secret with its URL; give it")
    if _TABLE.fullmatch(name) is None:
        raise WrongInput(f"table {name[:80]!r} is no name of a table; correct it")
    try:
        parsed = make_url(url.decode())
        parsed = parsed.set(drivername=DRIVERS.get(parsed.drivername, parsed.drivername))
        engine = create_engine(parsed, hide_parameters=True)
    except (ArgumentError, UnicodeError, ImportError, SQLAlchemyError):
        raise WrongInput(
            "database is no URL like postgresql://user:password@host/name; correct the Secret"
        ) from None
    schema, _, plain = name.rpartition(".")
    rows, offsets = _tables(schema or None, plain)
    try:
        rows.metadata.create_all(engine)
        present = {each["name"] for each in inspect(engine).get_columns(plain, schema or None)}
    except SQLAlchemyError as error:
        raise database_sentence(error) from error
    missing = {each.name for each in rows.columns} - present
    if missing:
        raise WrongInput(f"table {name} has no column {', '.join(sorted(missing))}; add or rename")
    return Rows(engine, rows, offsets)


def _tables(schema: str | None, name: str) -> tuple[Table, Table]:
    every = MetaData(schema=schema)
    rows = Table(
        name,
        every,
        Column("topic", String(249), primary_key=True),
        Column("partition", Integer, primary_key=True, autoincrement=False),
        Column("offset", BigInteger, primary_key=True, autoincrement=False),
        Column("time", BigInteger),
        Column("key", Text),
        Column("value", Text),
        Column("headers", Text),
    )
    offsets = Table(
        f"{name}_offsets",
        every,
        Column("topic", String(249), primary_key=True),
        Column("partition", Integer, primary_key=True, autoincrement=False),
        Column("next", BigInteger, nullable=False),
    )
    return rows, offsets


def database_sentence(error: SQLAlchemyError) -> End:
    """Return what an error of a database means for the task."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    said = " ".join(str(cause).split())[:SHOWN]
    if "password authentication failed" in said or "no password supplied" in said:
        return WrongInput("the database refuses the credentials; correct the Secret")
    if isinstance(error, OperationalError):
        return TryAgain(f"the database is away: {said}")
    return End(f"the database refuses: {said}; correct the table")
