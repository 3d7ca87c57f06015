"""What the ledger keeps and forgets: `headrace.archive.ledger.writing`, on both databases."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from headrace.archive.ledger import writing
from headrace.archive.ledger.database import LedgerError, open_database, upgrade
from headrace.archive.ledger.kept import KeptRun
from headrace.archive.ledger.reading import Reader, Search
from headrace.archive.ledger.tables import ERASURES, METADATA
from headrace.archive.ledger.writing import Writer
from support.kept_runs import changed, kept
from support.window import NOW


def rows(engine: Engine) -> dict[str, int]:
    """Count the rows of each table."""
    with engine.connect() as connection:
        return {
            table.name: connection.scalar(select(func.count()).select_from(table)) or 0
            for table in METADATA.sorted_tables
        }


ONE_RUN = {
    "definitions": 1,
    "erasures": 0,
    "runs": 1,
    "run_objects": 1,
    "task_runs": 2,
    "attempts": 2,
    "outputs": 2,
    "events": 1,
    "logs": 1,
}


def test_a_run_written_twice_has_its_rows_once(engine: Engine, writer: Writer) -> None:
    """After a crash between the row and the mark, the next life writes again."""
    assert [True, False] == [writer.keep(kept(), NOW), writer.keep(kept(), NOW)]
    assert ONE_RUN == rows(engine)


def test_what_was_written_first_stays(writer: Writer, reader: Reader) -> None:
    """Later, the pods are gone: a second copy has no logs, and must not replace the first."""
    writer.keep(kept(), NOW)
    writer.keep(changed(kept(), logs=[], events=[], definition=None), NOW)
    assert 1 == len(list(reader.logs("shop", "stock-1")))


def test_two_runs_of_one_name_are_two(writer: Writer, reader: Reader) -> None:
    """A name may be used again after a deletion. Readers get the newer run."""
    later = NOW + timedelta(days=1)
    writer.keep(kept(uid="one"), NOW)
    writer.keep(kept("stock-1", "Failed", uid="two", created=later), NOW)
    assert ["two", "one"] == [each["metadata"]["uid"] for each in reader.runs(Search())]
    newest = reader.run("shop", "stock-1")
    assert newest is not None
    assert "two" == newest.run["metadata"]["uid"]


def test_runs_of_one_revision_share_its_definition(engine: Engine, writer: Writer) -> None:
    """A definition may have a megabyte, and a workflow thousands of runs."""
    for number in range(3):
        writer.keep(kept(f"stock-{number}"), NOW)
    assert 1 == rows(engine)["definitions"]


@pytest.mark.parametrize("broken_at", range(1, 9))
def test_a_crash_at_any_statement_leaves_all_of_a_run_or_nothing(
    engine: Engine, writer: Writer, monkeypatch: pytest.MonkeyPatch, broken_at: int
) -> None:
    """The process may be killed between two statements: then nothing is there, and all comes."""
    before = rows(engine)
    calls = 0

    def insert(table: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == broken_at:
            raise KeyboardInterrupt
        return real(table)

    real = writing.insert
    with monkeypatch.context() as patched:
        patched.setattr(writing, "insert", insert)
        with pytest.raises(KeyboardInterrupt):
            writer.keep(kept(), NOW)
    assert before == rows(engine)
    assert writer.keep(kept(), NOW)
    assert ONE_RUN == rows(engine)


def test_runs_go_by_age_and_their_rows_with_them(engine: Engine, writer: Writer) -> None:
    """The end counts, not the beginning. A definition stays as long as a run has it."""
    old = kept("old", created=NOW - timedelta(days=31))
    alone = kept("alone", created=NOW - timedelta(days=40), definition={"tasks": []})
    for each in (old, alone, kept("new")):
        writer.keep(each, NOW)
    assert 2 == rows(engine)["definitions"]
    assert 2 == writer.drop_older(NOW - timedelta(days=30))
    assert ONE_RUN == rows(engine)
    assert 0 == writer.drop_older(NOW - timedelta(days=30))


def test_old_runs_go_in_batches_oldest_first(writer: Writer, reader: Reader) -> None:
    """A transaction over a year of runs would hold its lock for minutes."""
    for days in (40, 50, 60):
        writer.keep(kept(f"run-{days}", created=NOW - timedelta(days=days)), NOW)
    assert 2 == writer.drop_older(NOW, most=2)
    assert ["run-40"] == [each["metadata"]["name"] for each in reader.runs(Search())]


def family() -> list[KeptRun]:
    """Return a run, one that it called, one that this one called, and a stranger."""
    caller = kept("caller", uid="a")
    called = kept("called", uid="b", caller_uid="a")
    inner = kept("inner", uid="c", caller_uid="b")
    return [caller, called, inner, kept("stranger", uid="d")]


def test_a_run_is_forgotten_with_everything_of_it(engine: Engine, writer: Writer) -> None:
    """What its called runs have read and written is its own too."""
    for each in family():
        writer.keep(each, NOW)
    assert 3 == writer.forget("shop", "caller", "bob", NOW)
    assert {**ONE_RUN, "erasures": 3} == rows(engine)


def test_who_asked_for_an_erasure_stays_on_record(engine: Engine, writer: Writer) -> None:
    """The record has the name of the run and who asked, and nothing of what the run did."""
    writer.keep(kept(uid="a"), NOW)
    writer.forget("shop", "stock-1", "bob", NOW)
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(select(ERASURES))]
    assert [("a", "shop", "stock-1", "bob", NOW)] == found


def test_a_forgotten_run_is_never_written_again(engine: Engine, writer: Writer) -> None:
    """The cluster may still show it, and somebody may have taken away its mark."""
    writer.keep(kept(), NOW)
    writer.forget("shop", "stock-1", "bob", NOW)
    assert writer.has(kept().uid)
    assert not writer.keep(kept(), NOW)
    assert 0 == rows(engine)["runs"]


def test_nothing_of_a_namespace_is_forgotten_through_another(
    engine: Engine, writer: Writer
) -> None:
    """A name stands for a run only with its namespace."""
    writer.keep(kept(), NOW)
    assert 0 == writer.forget("other", "stock-1", "bob", NOW)
    assert ONE_RUN == rows(engine)


def test_a_full_disk_is_told_in_one_sentence(tmp_path: Path) -> None:
    """Nothing of the run is there then, and the run that was there before stays."""
    engine = open_database(f"sqlite:///{tmp_path}/archive.db")
    upgrade(engine)
    writer = Writer(engine)
    writer.keep(kept(), NOW)
    with engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    tasks = [{"name": f"{number * number:x}"} for number in range(20_000)]
    with pytest.raises(LedgerError, match=r"^the archive at sqlite:///.* is full$"):
        writer.keep(kept("large", definition={"tasks": tasks}), NOW)
    assert ONE_RUN == rows(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=1000000")
    assert writer.keep(kept("large", definition={"tasks": tasks}), NOW)
    engine.dispose()
