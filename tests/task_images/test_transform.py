"""The template `transform`: DuckDB over files of the test."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from task_images.forking import Fork, Forked
from task_images.hostility import Hostile
from task_images.killing import Killed
from task_images.programs import IMAGES, Ended

Given = dict[str, Any]
SAMPLE = 40
"""Each of so many texts: for each, a database is opened."""


@pytest.fixture
def transform(forked: Fork, tmp_path: Path) -> Forked:
    """Return the program, beside files with 1,000 rows."""
    for kind in ("parquet", "csv", "json"):
        rows = "SELECT i AS id, i % 10 AS part, 'name ' || i AS name FROM range(1000) t(i)"
        duckdb.sql(f"COPY ({rows}) TO '{tmp_path}/rows.{kind}'")
    return forked("transform", tmp_path)


def good(done: Ended) -> Ended:
    """Return what has succeeded."""
    assert 0 == done.code, done
    return done


def rows_of(path: Path) -> list[Any]:
    """Return what a file has."""
    return duckdb.sql(f"SELECT * FROM '{path}'").fetchall()  # noqa: S608 - of the test


@pytest.mark.parametrize("kind", ["parquet", "csv", "json"])
def test_files_become_a_file(transform: Forked, tmp_path: Path, kind: str) -> None:
    """Of each form, by a query with values."""
    query = "SELECT part, count(*) AS n FROM rows WHERE id < $most GROUP BY part ORDER BY part;"
    given = {"query": query, "values": {"most": 500}, "inputs": {"rows": f"*.{kind}"}}
    done = good(transform.run({**given, "output": f"out/made.{kind}"}))
    made = tmp_path / "out" / f"made.{kind}"
    assert {"rows": 10, "bytes": made.stat().st_size} == done.outputs
    assert [(part, 50) for part in range(10)] == rows_of(made)
    assert [made] == list(made.parent.iterdir())


def test_tables_of_a_database_are_read(transform: Forked, tmp_path: Path) -> None:
    """And joined with files; the database stays as it is."""
    with duckdb.connect(str(tmp_path / "a.db")) as made:
        made.execute("CREATE TABLE parts AS SELECT 7 AS part, 'seven' AS word")
    query = "SELECT count(*) AS n, any_value(word) AS w FROM rows JOIN db.parts USING (part)"
    given = {"database": "a.db", "inputs": {"rows": "rows.parquet"}, "output": "o.parquet"}
    good(transform.run({**given, "query": query}))
    assert [(100, "seven")] == rows_of(tmp_path / "o.parquet")


def test_what_is_not_named_cannot_be_reached(transform: Forked, tmp_path: Path) -> None:
    """No other file, no extension, no statement but a SELECT."""
    (tmp_path / "other.csv").write_text("a\n1\n")
    base = {"output": "o.parquet", "inputs": {"rows": "rows.csv"}}
    cases = [
        ("SELECT * FROM 'other.csv'", "name the file under inputs"),
        ("SELECT * FROM read_text('/etc/passwd')", "name the file under inputs"),
        ("SELECT * FROM glob('/*')", "name the file under inputs"),
        ("SELECT * FROM read_csv('https://example.com/a.csv')", ""),
        ("COPY rows TO 'evil.csv'", "query is one SELECT"),
        ("SELECT 1; SELECT 2", "query is one SELECT"),
        ("ATTACH 'evil.db'", "query is one SELECT"),
        ("INSTALL httpfs", "query is one SELECT"),
        ("SELEC 1", "correct query"),
        ("SELECT * FROM none", "correct query"),
        ("SELECT $a", "correct values"),
    ]
    for query, says in cases:
        done = transform.run({**base, "query": query})
        assert 2 == done.code, (query, done)
        assert says in done.last, (query, done)
        assert "" == done.errors
    kept = {*(f"rows.{kind}" for kind in ("parquet", "csv", "json")), "other.csv"}
    assert kept == {each.name for each in tmp_path.iterdir()}


def test_what_can_be_wrong_with_files(transform: Forked, tmp_path: Path) -> None:
    """One that is not there, cut off, of another type; a full disk; a query without end."""
    whole = (tmp_path / "rows.parquet").read_bytes()
    (tmp_path / "cut.parquet").write_bytes(whole[:-50])
    (tmp_path / "junk.db").write_bytes(b"no database" * 2_000)
    query = {"query": "SELECT * FROM t", "output": "o.parquet"}
    many = "range(10000000000)"
    endless = f"SELECT count(*) FROM {many} a, {many} b WHERE a.range <> b.range"  # noqa: S608
    cases: list[tuple[Given, int, str]] = [
        ({**query, "inputs": {"t": "none.parquet"}}, 2, "there is no file none.parquet"),
        ({**query, "inputs": {"t": "none"}}, 2, "the form of input t is not known"),
        ({**query, "inputs": {"t; x": "rows.csv"}}, 2, "no name"),
        ({**query, "inputs": {"t": "cut.parquet"}}, 3, "damaged"),
        ({**query, "database": "junk.db"}, 3, "cannot be read"),
        ({**query, "output": "o.xlsx"}, 2, "end it with"),
        ({"query": "SELECT 1", "output": "/proc/none/o.csv"}, 1, "cannot be written"),
        ({"query": "SELECT CAST('x' AS INTEGER) AS a", "output": "o.csv"}, 3, "do not fit"),
        ({"query": endless, "output": "o.csv", "timeoutSeconds": 1}, 75, "timeoutSeconds"),
        ({"query": "SELECT 1"}, 2, "parameter output is missing"),
    ]
    for given, code, says in cases:
        done = transform.run(given)
        assert code == done.code, (says, done)
        assert says in done.last, done
        assert "" == done.errors
    large = {"query": "SELECT random() AS r FROM range(100000)", "output": "out/o.parquet"}
    done = transform.run(large, file_bytes=50_000)
    assert (1, True) == (done.code, "make room" in done.last), done
    assert [] == list((tmp_path / "out").iterdir())


def test_a_transform_that_is_killed_anywhere_leaves_a_whole_file(
    killed: Killed, transform: Forked, tmp_path: Path
) -> None:
    """It is there as a whole or not at all, and nothing is left beside it."""
    del transform

    def fresh(number: int) -> Given:
        query = "SELECT * FROM rows ORDER BY id"
        inputs = {"rows": "rows.parquet"}
        return {"query": query, "inputs": inputs, "output": f"out{number}/o.parquet"}

    def check(number: int, done: Ended) -> None:
        folder = tmp_path / f"out{number}"
        assert ["o.parquet"] == [each.name for each in folder.iterdir()], done
        assert 1_000 == len(rows_of(folder / "o.parquet"))

    killed("transform", tmp_path, fresh, check, calls=r"^(__main__|limits)\.|^os\.(fsync|replace)")


def test_hostile_texts_are_data(transform: Forked, hostile: Hostile, tmp_path: Path) -> None:
    """As values, as names and paths of inputs, as paths of outputs."""
    texts = hostile.texts[::SAMPLE]
    bound = {"query": "SELECT $a AS a", "inputs": {}}
    done = transform.run_all(
        {**bound, "values": {"a": text}, "output": f"v{number}.parquet"}
        for number, text in enumerate(texts)
    )
    for number, text in enumerate(texts):
        assert [(text,)] == rows_of(tmp_path / f"v{number}.parquet")
    given = {"query": "SELECT 1 AS a", "output": "o.csv"}
    for text in texts[::3]:
        done += transform.run_all(
            [
                {**given, "inputs": {text: "rows.csv"}},
                {**given, "inputs": {"t": f"none/{text}.csv"}},
                {**given, "database": f"none/{text}"},
                {**given, "output": f"out/{text.replace('/', '_')[:50]}.csv"},
            ]
        )
    hostile.check([each for each in done if each.code != 1])


def test_the_limits_are_those_of_the_container(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory with room for others; cores rounded up; without a group those of the machine."""
    monkeypatch.syspath_prepend(str(IMAGES / "transform"))
    monkeypatch.delitem(sys.modules, "limits", raising=False)
    from limits import cores, memory_bytes  # type: ignore[import-not-found] # noqa: PLC0415

    assert memory_bytes(tmp_path) > 0 < cores(tmp_path)
    (tmp_path / "memory.max").write_text(f"{2**30}\n")
    (tmp_path / "cpu.max").write_text("50000 100000\n")
    assert (int(2**30 * 0.7), 1) == (memory_bytes(tmp_path), cores(tmp_path))
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert memory_bytes(tmp_path) > 2**28


def test_the_example_of_the_page_runs(example: Callable[[str], dict[str, Any]]) -> None:
    """On a laptop, as it is written."""
    (outputs,) = example("transform").values()
    assert 7 == outputs["rows"]
