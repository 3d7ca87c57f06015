"""Schemas and URLs of the ledger: `headrace.archive.ledger.database`, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import insert

from headrace.archive.ledger.database import (
    LedgerError,
    check_schema,
    open_database,
    shown,
    told,
    upgrade,
)
from headrace.archive.ledger.kept import packed, run_row
from headrace.archive.ledger.reading import Reader, Search
from headrace.archive.ledger.tables import METADATA, RUN_OBJECTS, RUNS
from headrace.archive.ledger.writing import Writer
from support.kept_runs import changed, kept
from support.window import NOW


def test_the_tables_are_those_of_the_migrations(url: str) -> None:
    """A column that only one of the two knows would fail on the first write."""
    engine = open_database(url)
    upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert [] == compare_metadata(context, METADATA)
    engine.dispose()


def test_runs_of_the_version_before_are_still_there(url: str) -> None:
    """An upgrade of the chart upgrades the schema; a year of runs comes with it."""
    engine = open_database(url)
    upgrade(engine, "0001")
    old = changed(kept("old"), definition=None)
    with engine.begin() as connection:
        connection.execute(insert(RUNS), run_row(old, NOW))
        connection.execute(insert(RUN_OBJECTS), {"run_uid": old.uid, "body": packed(old.run)})
    with pytest.raises(LedgerError, match=r"has schema 0001, and this headrace reads 0002: use"):
        check_schema(engine)
    upgrade(engine)
    check_schema(engine)
    writer, reader = Writer(engine), Reader(engine)
    assert writer.keep(kept("new"), NOW)
    assert not writer.keep(old, NOW)
    assert {"new", "old"} == {each["metadata"]["name"] for each in reader.runs(Search())}
    assert 1 == writer.forget("shop", "old", "bob", NOW)
    engine.dispose()


def test_two_archives_that_start_at_once_upgrade_once(url: str) -> None:
    """A rollout may start the new one before the old one has ended."""
    engines = [open_database(url) for _ in range(2)]
    with ThreadPoolExecutor(2) as both:
        list(both.map(upgrade, engines))
    for engine in engines:
        check_schema(engine)
        upgrade(engine)
        engine.dispose()


def test_a_database_without_an_archive_says_so(url: str) -> None:
    """Somebody may name a wrong file or database."""
    engine = open_database(url)
    with pytest.raises(LedgerError, match=r"has no archive: no run was written there yet$"):
        check_schema(engine)
    engine.dispose()


@pytest.mark.parametrize(
    ("url", "want"),
    [
        pytest.param("archive.db", "cannot be read; write sqlite:", id="no URL"),
        pytest.param("mysql://h/d", "cannot be in 'mysql'; write sqlite:", id="another database"),
    ],
)
def test_a_wrong_url_is_told_with_its_cure(url: str, want: str) -> None:
    """It comes from a Secret that somebody wrote."""
    with pytest.raises(LedgerError, match=want):
        open_database(url)


def test_a_password_is_never_told() -> None:
    """Errors reach logs and terminals."""
    engine = open_database("postgresql://alice:hunter2@127.0.0.1:1/nowhere")
    assert "hunter2" not in shown(engine.url)
    with pytest.raises(LedgerError) as told_of, told(engine), engine.connect():
        pass
    assert "hunter2" not in str(told_of.value)
    assert "postgresql+psycopg://alice:***@127.0.0.1:1/nowhere gives no answer" in str(
        told_of.value
    )


def test_a_file_is_written_for_good(tmp_path: Path) -> None:
    """The mark on a run follows its row: a power cut must not take the row back."""
    engine = open_database(f"sqlite:///{tmp_path}/archive.db")
    with engine.connect() as connection:
        pragmas = ("journal_mode", "synchronous", "foreign_keys")
        got = [connection.exec_driver_sql(f"PRAGMA {each}").scalar() for each in pragmas]
    assert ["wal", 2, 1] == got
    engine.dispose()
