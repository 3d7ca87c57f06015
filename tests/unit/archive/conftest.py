"""Databases for the ledger: a file of SQLite, and a real PostgreSQL where one is installed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from headrace.archive.ledger.database import open_database, upgrade
from headrace.archive.ledger.reading import Reader
from headrace.archive.ledger.writing import Writer
from support.postgres import Postgres, postgres, programs_or_skip
from support.virtual_time import pytest_asyncio_loop_factories

__all__ = ["pytest_asyncio_loop_factories"]

KINDS = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    """Return a running PostgreSQL."""
    with postgres(programs_or_skip()) as running:
        yield running


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/archive.db"
    running: Postgres = request.getfixturevalue("server")
    return running.new_database()


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """Return a database with the newest schema."""
    made = open_database(url)
    upgrade(made)
    yield made
    made.dispose()


@pytest.fixture
def writer(engine: Engine) -> Writer:
    """Return the writer of a database."""
    return Writer(engine)


@pytest.fixture
def reader(engine: Engine) -> Reader:
    """Return the reader of the same database."""
    return Reader(engine)
