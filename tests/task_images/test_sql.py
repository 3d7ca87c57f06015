"""The template `sql`: against PostgreSQL, MariaDB, SQLite and DuckDB, all of them real."""

import csv
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from task_images.canary import Canary
from task_images.forking import Fork, Forked
from task_images.hostility import Hostile
from task_images.killing import Killed
from task_images.programs import IMAGES, Ended, called

KINDS = ("postgresql", "mariadb", "sqlite", "duckdb")
SERVERS = KINDS[:2]
TABLE = "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(6000), price DECIMAL(12,2))"
ROWS = [(number, f"name {number}", f"{number}.50") for number in range(100)]
NUMBERS = count(1)
SAMPLE = 50
"""Each of so many texts, where each costs a connection."""

Given = dict[str, Any]


def about(number: int | None = None) -> dict[str, str]:
    """Return what Headrace says about a run: another one each time."""
    run = f"run-{next(NUMBERS) if number is None else number}"
    names = {"NAMESPACE": "default", "WORKFLOW": "w", "RUN": run, "TASK": "t"}
    return {f"HEADRACE_{name}": value for name, value in names.items()}


@pytest.fixture
def base(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Given]:
    """Return what gives the parameters for an empty database of some kind."""

    def given(kind: str) -> Given:
        if kind not in SERVERS:
            return {"driver": kind, "database": str(tmp_path / f"{next(NUMBERS)}.db")}
        name = {"postgresql": "postgres_server", "mariadb": "mariadb_server"}[kind]
        server = request.getfixturevalue(name)
        secrets = {"password": server.password, "ca": server.certificates.ca.read_text()}
        return {"url": server.new_database(), **secrets}

    return given


@pytest.fixture
def sql(forked: Fork, tmp_path: Path) -> Forked:
    """Return the program."""
    return forked("sql", tmp_path)


def written(path: Path, rows: list[tuple[Any, ...]] = ROWS) -> str:
    """Write a file of CSV; return its path."""
    with path.open("w", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_NONNUMERIC).writerows([("id", "name", "price"), *rows])
    return str(path)


def good(done: Ended) -> Ended:
    """Return what has succeeded."""
    assert 0 == done.code, done
    return done


UNBOUND: Given = {"driver": "sqlite", "database": "a", "statement": "SELECT :b", "values": {"c": 1}}


def summary(sql: Forked, base: Given) -> list[Any]:
    """Return how many rows the table has, and the sum of a column."""
    query = "SELECT count(*) AS n, count(DISTINCT id) AS d, sum(price) AS s FROM t"
    first = good(sql.run({**base, "statement": query})).outputs["first"]
    return [first["n"], first["d"], float(first["s"] or 0)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_script_runs_with_bound_values(
    sql: Forked, base: Callable[[str], Given], kind: str
) -> None:
    """All of it in one transaction; the last statement says what the outputs are."""
    given = base(kind)
    insert = "INSERT INTO t VALUES (:id, :name, 1.25);"
    script = f"{TABLE}; {insert} -- a comment; with a semicolon\nSELECT id, name, price FROM t"
    values = {"id": 1, "name": "it's 100 % :name"}
    done = good(sql.run({**given, "statement": script, "values": values}))
    first = {"id": 1, "name": "it's 100 % :name", "price": 1.25}
    assert {"rows": 1, "repeated": False, "columns": [*first], "first": first, "value": 1} == (
        done.outputs
    )
    wrong = f"INSERT INTO t VALUES (2, 'a', 1); {insert}"  # noqa: S608 - of the test
    assert 3 == (done := sql.run({**given, "statement": wrong, "values": values})).code, done
    assert [1, 1, 1.25] == summary(sql, given), "nothing of it is left"


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_becomes_rows_and_rows_a_file(
    sql: Forked, base: Callable[[str], Given], kind: str, tmp_path: Path
) -> None:
    """Appended once a run, replaced, changed by key; and saved as Parquet, to be loaded again."""
    given = base(kind)
    good(sql.run({**given, "statement": TABLE}))
    file = written(tmp_path / "rows.csv")
    load = {**given, "table": "t", "load": file, "batchRows": 30}
    run = about()
    assert (100, False) == (
        (done := good(sql.run(load, run))).outputs["rows"],
        done.outputs["repeated"],
    )
    assert good(sql.run(load, run)).outputs["repeated"], "the same run does it once"
    whole = [100, 100, sum(float(row[2]) for row in ROWS)]
    assert whole == summary(sql, given)
    good(sql.run({**load, "mode": "replace"}, run))
    assert whole == summary(sql, given)
    changed = written(tmp_path / "changed.csv", [(1, "x", "0"), (100, "new", "0")])
    good(sql.run({**load, "load": changed, "mode": "upsert", "key": ["id"]}, run))
    assert [101, 101, whole[2] - 1.5] == summary(sql, given)
    saved = str(tmp_path / "saved.parquet")
    query = {"statement": "SELECT * FROM t WHERE id < :most", "values": {"most": 50}}
    assert 50 == good(sql.run({**given, **query, "unload": saved})).outputs["rows"]
    good(sql.run({**load, "load": saved, "mode": "replace"}, run))
    assert [50, 50, sum(float(row[2]) for row in ROWS[:50]) - 1.5] == summary(sql, given)


@pytest.mark.parametrize(("kind", "points"), [("postgresql", 20), ("mariadb", 20), ("duckdb", 8)])
def test_a_load_that_is_killed_anywhere_has_each_row_once(  # noqa: PLR0913, PLR0917 - fixtures
    killed: Killed,
    sql: Forked,
    base: Callable[[str], Given],
    tmp_path: Path,
    kind: str,
    points: int,
) -> None:
    """The rows and the note that they are there come in one transaction."""
    given = base(kind)
    file = written(tmp_path / "rows.csv")

    tables = [f"t{number}" for number in range(points + 1)]
    made = "; ".join(TABLE.replace("TABLE t ", f"TABLE {each} ") for each in tables)
    good(sql.run({**given, "statement": made}))

    def fresh(number: int) -> Given:
        return {**given, "table": tables[number], "load": file, "batchRows": 20}

    def check(number: int, done: Ended) -> None:
        assert (100, True) >= (done.outputs["rows"], done.outputs["repeated"]), (number, done)

    calls = r"^(loading|bulk|statements|files|claiming)\.|pymysql.*\.(query|commit)|dbapi.*execute"
    killed("sql", tmp_path, fresh, check, calls=calls, points=points)
    each = " UNION ALL ".join(f"SELECT count(*) AS n FROM {each}" for each in tables)  # noqa: S608
    counts = f"SELECT min(n) AS least, max(n) AS most, count(*) AS tables FROM ({each}) c"  # noqa: S608
    want = {"least": 100, "most": 100, "tables": points + 1}
    assert want == good(sql.run({**given, "statement": counts})).outputs["first"]


def test_a_file_of_a_query_that_is_killed_anywhere_is_whole(
    killed: Killed, sql: Forked, base: Callable[[str], Given], tmp_path: Path
) -> None:
    """It is there as a whole or not at all, and nothing is left beside it."""
    given = base("sqlite")
    good(sql.run({**given, "statement": TABLE}))

    def fresh(number: int) -> Given:
        query = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)"
        saved = {"unload": str(tmp_path / f"out{number}" / "n.csv"), "batchRows": 50}
        statement = f"{query} SELECT i FROM n"  # noqa: S608 - of the test
        return {**given, "statement": statement, **saved}

    def check(number: int, done: Ended) -> None:
        folder = tmp_path / f"out{number}"
        assert ["n.csv"] == [each.name for each in folder.iterdir()], done
        assert 501 == len((folder / "n.csv").read_text().splitlines())

    killed("sql", tmp_path, fresh, check, calls=r"^(unloading|files)\.|^os\.(fsync|replace|rename)")


@pytest.mark.parametrize("kind", SERVERS)
def test_a_statement_once_is_done_once(
    sql: Forked, base: Callable[[str], Given], kind: str
) -> None:
    """Also by an attempt that does not know what became of the one before."""
    given = base(kind)
    good(sql.run({**given, "statement": TABLE}))
    insert = "INSERT INTO t SELECT count(*), 'x', 1 FROM t"
    add = {**given, "statement": insert, "once": True}
    run = about()
    assert [False, True] == [good(sql.run(add, run)).outputs["repeated"] for _ in range(2)]
    assert not good(sql.run(add, about())).outputs["repeated"]
    assert 2 == summary(sql, given)[0]


@contextmanager
def silent() -> Iterator[int]:
    """Listen, and never say a word."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


@pytest.mark.parametrize("kind", SERVERS)
def test_what_can_go_wrong_on_the_way(
    sql: Forked, base: Callable[[str], Given], kind: str, canary: Canary, tmp_path: Path
) -> None:
    """Each ends with its code, and one sentence that says what to do; no secret is in it."""
    given = {**base(kind), "statement": "SELECT 1"}
    beginning, _, database = given["url"].rpartition("/")
    wrong = {key: value for key, value in given.items() if key != "password"}
    with silent() as port, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        away = beginning.rpartition(":")[0]
        cases: list[tuple[Given, int, str]] = [
            ({**wrong, "password": "x"}, 2, "refuses the credentials; correct user or password"),
            (wrong, 2, "refuses the credentials"),
            ({**given, "url": f"{beginning}/none"}, 2, "correct"),
            ({**given, "statement": "SELECT * FROM none"}, 2, "none"),
            ({**given, "statement": "SELEC 1"}, 2, "correct the statement"),
            ({**given, "ca": "x"}, 2, "ca has no certificates"),
            ({key: given[key] for key in given if key != "ca"}, 1, "its certificate is not valid"),
            ({**given, "url": f"{away}:{free.getsockname()[1]}/{database}"}, 75, "a later attempt"),
            ({**given, "url": f"{away}:{port}/x", "connectSeconds": 2}, 75, "a later attempt"),
        ]
        sleep = (
            "SELECT pg_sleep(9)" if kind == "postgresql" else "SELECT SLEEP(9) FROM (SELECT 1) a"
        )
        cases.append(({**given, "statement": sleep, "timeoutSeconds": 1}, 75, "timeoutSeconds"))
        for parameters, code, says in cases:
            done = sql.run(parameters)
            assert code == done.code, (says, done)
            assert says in done.last, done
            assert "" == done.errors
            canary.check(done, tmp_path)


@pytest.mark.parametrize("kind", SERVERS)
def test_an_expired_certificate(
    sql: Forked, base: Callable[[str], Given], kind: str, request: pytest.FixtureRequest
) -> None:
    """It is refused, unless somebody wants no proof."""
    given = {**base(kind), "statement": "SELECT 1"}
    name = "postgres_server" if kind == "postgresql" else "mariadb_server"
    server = request.getfixturevalue(name)
    server.present("expired")
    try:
        done = sql.run(given)
        assert 1 == done.code, done
        assert "its certificate is not valid" in done.last
        good(sql.run({**given, "tls": "require"}))
    finally:
        server.present("valid")
    good(sql.run(given))


def test_what_can_be_wrong_with_files(
    sql: Forked, base: Callable[[str], Given], tmp_path: Path
) -> None:
    """One that is not there, cut off, of other columns; a full disk; damaged databases."""
    given = base("postgresql")
    good(sql.run({**given, "statement": TABLE}))
    saved = tmp_path / "saved.parquet"
    many = {**given, "statement": "SELECT md5(i::text) m FROM generate_series(1, 9000) i"}
    good(sql.run({**many, "unload": str(saved)}))
    cut = tmp_path / "cut.parquet"
    cut.write_bytes(saved.read_bytes()[:-100])
    rows = tmp_path / "cut.csv"
    rows.write_text("id,name,price\n1,a,1\n2,b")
    (tmp_path / "junk.db").write_bytes(b"no database" * 2_000)
    damaged = {"database": str(tmp_path / "junk.db"), "statement": "SELECT * FROM t"}
    load = {**given, "table": "t"}
    twice = written(tmp_path / "twice.csv", [(1, "a", "1"), (1, "b", "2")])
    cases: list[tuple[Given, int, str]] = [
        ({**load, "load": str(tmp_path / "none.csv")}, 2, "is not there"),
        ({**load, "load": str(cut)}, 3, "damaged"),
        ({**load, "load": str(rows)}, 3, "damaged"),
        ({**load, "load": str(saved)}, 2, "has no column 'm'"),
        ({**load, "load": written(tmp_path / "a.csv"), "table": "none"}, 2, "none"),
        ({**load, "load": twice}, 3, "the data do not fit"),
        ({**load, "load": twice, "mode": "upsert", "key": ["id"]}, 3, "have the same id"),
        ({**damaged, "driver": "sqlite"}, 3, "damaged"),
        ({**damaged, "driver": "duckdb"}, 3, "damaged"),
    ]
    for parameters, code, says in cases:
        done = sql.run(parameters, about())
        assert code == done.code, (says, done)
        assert says in done.last, done
        assert "" == done.errors
    assert [0, 0, 0] == summary(sql, given)
    done = sql.run({**many, "unload": str(tmp_path / "o" / "p.parquet")}, file_bytes=50_000)
    assert (1, True) == (done.code, "make room" in done.last), done
    assert [] == list((tmp_path / "o").iterdir())


def test_hostile_texts_are_data(
    sql: Forked, base: Callable[[str], Given], hostile: Hostile, tmp_path: Path
) -> None:
    """In rows, in values, in the names of tables, columns and files."""
    given = base("postgresql")
    good(sql.run({**given, "statement": TABLE}))
    rows = [(number, text, "0") for number, text in enumerate(hostile.texts)]
    good(sql.run({**given, "table": "t", "load": written(tmp_path / "h.csv", rows)}, about()))
    saved = tmp_path / "saved.csv"
    good(sql.run({**given, "statement": "SELECT name FROM t ORDER BY id", "unload": str(saved)}))
    with saved.open(newline="") as file:
        assert [[text] for text in hostile.texts] == list(csv.reader(file))[1:]
    texts = hostile.texts[::SAMPLE]
    done = []
    for kind in KINDS:
        bound = {**(given if kind == "postgresql" else base(kind)), "values": {"a": "x"}}
        cast = "CAST(:a AS CHAR(6000))" if kind == "mariadb" else "CAST(:a AS VARCHAR)"
        statement = f"SELECT {cast} AS a"
        ask = [{**bound, "statement": statement, "values": {"a": x}} for x in texts]
        answers = sql.run_all(ask)
        large = [x for x in texts if len(x) > 1_000]
        assert [x for x in texts if x not in large] == [
            each.outputs["value"] for each in answers if each.outputs["value"] is not None
        ]
        done += answers
    load = {**given, "load": str(tmp_path / "h.csv"), "table": "t"}
    for text in texts:
        done += sql.run_all(
            [
                {**load, "table": text or "x"},
                {**load, "mode": "upsert", "key": [text]},
                {**load, "load": f"{tmp_path}/none/{text}.csv"},
                {**given, "script": f"none/{text}"},
                {"driver": "sqlite", "database": f"none/{text}", "statement": "SELECT 1"},
            ]
        )
    hostile.check(done, hosts={"127.0.0.1"})
    assert [len(rows)] == summary(sql, given)[:1]


def test_a_secret_is_nowhere(
    sql: Forked, base: Callable[[str], Given], canary: Canary, tmp_path: Path
) -> None:
    """Not in what it says, starts or leaves; on no command line."""
    given = {key: value for key, value in base("postgresql").items() if key != "password"}
    given["password_FILE"] = str(canary.file)
    with canary.watched():
        done = sql.run(
            {**given, "statement": "SELECT pg_sleep(0.1)", "unload": str(tmp_path / "a.csv")}
        )
    assert 0 == done.code, done
    canary.check(done, tmp_path)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "give url, or driver and host"),
        ({"driver": "mysql"}, "there is no host; give host or url"),
        ({"url": "postgresql://a:b@c/d"}, "url has a password"),
        ({"url": "postgresql://c/d?host=/tmp"}, "url has options"),
        ({"url": "oracle://c/d"}, "is no driver"),
        ({"url": "postgresql://c/d", "host": "e"}, "remove one of both"),
        ({"url": "snowflake://c/d"}, "use its variant"),
        ({"url": "sqlite://", "statement": "SELECT 1"}, "give the path of its file"),
        ({"url": "sqlite:///a", "load": "b", "statement": ""}, "load needs table"),
        (UNBOUND, "values"),
        ({**UNBOUND, "database": "/dev/null", "unload": "a.csv"}, "'b'"),
        ({"url": "sqlite:///a", "timeoutSeconds": "x"}, "must be of type int"),
    ],
)
def test_wrong_parameters_end_with_2(sql: Forked, given: Given, says: str) -> None:
    """Before anything is done."""
    done = sql.run({"statement": "SELECT 1", **given})
    assert 2 == done.code, done
    assert says in done.last


def test_what_looks_like_a_value_and_what_is_too_large_for_one(
    sql: Forked, base: Callable[[str], Given], tmp_path: Path
) -> None:
    """Without values, a colon is text; a number of more than 64 bits is no traceback."""
    given = base("sqlite")
    good(sql.run({**given, "statement": TABLE}))
    saved = {"statement": "SELECT 'at :noon' AS a", "unload": str(tmp_path / "a.csv")}
    assert 1 == good(sql.run({**given, **saved})).outputs["rows"]
    large = {"statement": "SELECT :n", "values": {"n": 2**70}}
    for more in ({}, {"unload": str(tmp_path / "b.csv")}):
        done = sql.run({**given, **large, **more})
        assert (3, True, "") == (done.code, "does not fit" in done.last, done.errors), done


def test_it_runs_as_a_process_of_its_own(python_of: Callable[[str], Path], tmp_path: Path) -> None:
    """With what it imports by itself."""
    task = IMAGES / "sql" / "task.py"
    done = called(python_of("sql"), task, tmp_path, url="duckdb:///a.db", statement="SELECT 7 AS a")
    assert (0, 7) == (done.code, done.outputs.get("value")), done


def test_the_example_of_the_page_runs(example: Callable[[str], dict[str, Any]]) -> None:
    """On a laptop, as it is written."""
    (outputs,) = example("sql").values()
    assert (1, "Ada", 22) == (outputs["rows"], outputs["value"], outputs["first"]["euros"])
