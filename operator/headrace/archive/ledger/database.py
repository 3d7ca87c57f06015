"""
The connection to the database of the ledger, and its schema.

SQLite for one process, PostgreSQL for more than a file can hold. Knows URLs and migrations; knows
no row.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

MIGRATIONS: Final = Path(__file__).parent / "migrations"
DRIVERS: Final = {
    "sqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
"""The databases that a URL may name, and the driver of each."""
WAIT_SECONDS: Final = 10
"""How long to wait for a connection, or for another writer of a file."""
STATEMENT_SECONDS: Final = 60
WRITES: Final = "headrace_writes"
"""The option of a connection that will write."""


class LedgerError(Exception):
    """The database cannot be used. The message says what to do."""


def open_database(url: str) -> Engine:
    """
    Return the engine of a database; it connects when it is used.

    Raises:
        LedgerError: The URL is no URL of such a database.

    """
    where = _read(url)
    if where.drivername == "sqlite":
        engine = create_engine(where, connect_args={"timeout": WAIT_SECONDS})
        event.listen(engine, "connect", _prepare_file)
        event.listen(engine, "begin", _begin)
        return engine
    options = f"-c statement_timeout={STATEMENT_SECONDS * 1000} -c timezone=UTC"
    given = {"connect_timeout": WAIT_SECONDS, "options": options, "application_name": "headrace"}
    return create_engine(where, connect_args=given, pool_pre_ping=True, pool_size=4)


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the schema to a revision. Two processes at once do it one after the other."""
    with told(engine), writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7221)")
        configured = _config()
        configured.attributes["connection"] = connection
        command.upgrade(configured, revision)


def writing(engine: Engine) -> AbstractContextManager[Connection]:
    """Return a transaction that writes: all of it, or nothing."""
    return engine.execution_options(**{WRITES: True}).begin()


def check_schema(engine: Engine) -> None:
    """
    Return if the schema is the one that this version reads.

    Raises:
        LedgerError: It is another one, or there is none.

    """
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    with told(engine), engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    if found is None:
        raise LedgerError(f"{shown(engine.url)} has no archive: no run was written there yet")
    if found != newest:
        raise LedgerError(
            f"{shown(engine.url)} has schema {found}, and this headrace reads {newest}: use the"
            " version of headrace that the archive has"
        )


@contextmanager
def told(engine: Engine) -> Iterator[None]:
    """Tell what the database could not do, in one sentence without its password."""
    try:
        yield
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        words = " ".join(str(cause).split())
        raise LedgerError(f"the archive at {shown(engine.url)} gives no answer: {words}") from error


def shown(url: URL) -> str:
    """Return a URL without its password."""
    return url.render_as_string(hide_password=True)


def _read(url: str) -> URL:
    try:
        where = make_url(url)
    except ArgumentError as error:
        raise LedgerError(
            "the URL of the archive cannot be read; write sqlite:////path/archive.db or"
            " postgresql://user:password@host/database"
        ) from error
    if where.drivername not in DRIVERS:
        raise LedgerError(
            f"the archive cannot be in {where.drivername!r}; write sqlite:////path/archive.db or"
            " postgresql://user:password@host/database"
        )
    return where.set(drivername=DRIVERS[where.drivername])


def _config() -> Config:
    configured = Config()
    configured.set_main_option("script_location", str(MIGRATIONS))
    configured.set_main_option("path_separator", "os")
    return configured


def _prepare_file(connection: Any, _record: object) -> None:
    """Let readers read while a run is written, and rows go with their run."""
    connection.isolation_level = None  # Transactions begin where SQLAlchemy says so: see `_begin`.
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    """Begin a transaction in a file; a writer waits for its lock at the beginning, not midway."""
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
