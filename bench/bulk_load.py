r"""
Rows into PostgreSQL: the template `sql` beside `psql` with its \copy, in turns.

    PYTHONPATH=tests:. python -m bench.bulk_load [--rows N] [--rounds N]

The same file of CSV goes into an empty table of the same server, on this machine; the template also
loads it as Parquet. The first time, the environment of the template is made. Each time counts from
the start of the process to its end.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from headrace.local.environments import environment, make
from support.certificates import make_certificates
from support.postgres import NetPostgres, net_postgres

ROOT = Path(__file__).parents[1]
IMAGE = ROOT / "task-images" / "sql"
PASSWORD = "of-the-bench"  # noqa: S105 - for a server that lives for minutes
COLUMNS = "id bigint, day date, name text, price float8, paid boolean"
ROWS = """
SELECT i AS id, DATE '2026-01-01' + CAST(i % 365 AS INTEGER) AS day,
    'customer ' || i % 10000 AS name, i % 1000 / 8.0 AS price, i % 3 = 0 AS paid
FROM range({rows}) t(i)
"""


def main() -> int:
    """Measure, and print a line for each way."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    wanted = environment(
        Path(sys.executable), IMAGE / "requirements.txt", (IMAGE.parent / "contract",)
    )
    make(wanted, "sql", print)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "certificates").mkdir()
        certificates = make_certificates(folder / "certificates")
        with net_postgres(certificates, PASSWORD) as server:
            measure(server, wanted.python, folder, chosen.rows, chosen.rounds)
    return 0


def measure(server: NetPostgres, python: Path, folder: Path, rows: int, rounds: int) -> None:
    """Load the rows in each way, in turns."""
    url = server.new_database()
    database = url.rpartition("/")[2]
    base = {"url": url, "password": PASSWORD, "tls": "require", "table": "t"}
    for kind in ("csv", "parquet"):
        query = f"COPY ({ROWS.format(rows=rows)}) TO '{folder}/rows.{kind}'"
        given = {"url": f"duckdb:///{folder}/made.db", "statement": query}
        run_template(python, given)
    times: dict[str, list[float]] = {"psql \\copy": [], "sql, CSV": [], "sql, Parquet": []}
    for _ in range(rounds):
        for way, taken in times.items():
            server.query(database, f"DROP TABLE IF EXISTS t; CREATE TABLE t ({COLUMNS})")
            server.query(database, f"ALTER TABLE t OWNER TO {server.user}; CHECKPOINT")
            began = time.monotonic()
            if way.startswith("psql"):
                run_psql(server, database, folder / "rows.csv")
            else:
                suffix = "csv" if way.endswith("CSV") else "parquet"
                run_template(python, {**base, "load": f"{folder}/rows.{suffix}"})
            taken.append(time.monotonic() - began)
            assert int(server.query(database, "SELECT count(*) FROM t")) == rows  # noqa: S101
    first = median(times["psql \\copy"])
    for way, taken in times.items():
        each = median(taken)
        print(f"{way:<14}{rows:>12,} rows {each:>8.1f} s   {each / first:.2f} of psql   {taken}")


def run_template(python: Path, given: Mapping[str, str]) -> None:
    """Run the program of the template."""
    variables = {f"WITH_{name}": value for name, value in given.items()}
    subprocess.run(  # noqa: S603 - our own program
        [python, IMAGE / "task.py"],
        env={"PATH": os.environ["PATH"], **variables},
        check=True,
        stdout=subprocess.DEVNULL,
    )


def run_psql(server: NetPostgres, database: str, file: Path) -> None:
    """Copy a file with psql, as the same user over the same address."""
    command = f"\\copy t from '{file}' csv header"
    where = f"host=127.0.0.1 port={server.port} user={server.user} dbname={database}"
    subprocess.run(  # noqa: S603 - our own words
        ["psql", f"{where} sslmode=require", "-Xq", "-c", command],  # noqa: S607 - of the machine
        env={"PATH": os.environ["PATH"], "PGPASSWORD": PASSWORD},
        check=True,
    )


if __name__ == "__main__":
    sys.exit(main())
