"""
A query over Parquet: the template `transform` beside DuckDB alone, in turns.

    PYTHONPATH=tests:. python -m bench.transform [--rows N] [--rounds N]

Both run in the template's environment, from the start of the process to its end; the first time, it
is made. DuckDB alone writes its file in place.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from headrace.local.environments import environment, make

ROOT = Path(__file__).parents[1]
IMAGE = ROOT / "task-images" / "transform"
MAKE = "SELECT i AS id, i % 1000 AS part, i % 77 / 8.0 AS price FROM range({rows}) t(i)"
QUERY = "SELECT part, id, price * 2 AS price FROM {source} WHERE id % 3 = 0 ORDER BY price, id"
ALONE = "import duckdb, sys; duckdb.execute(sys.argv[1])"
FORM = "(FORMAT parquet, COMPRESSION zstd)"


def main() -> int:
    """Measure, and print a line for each way."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    modules = (IMAGE.parent / "contract",)
    wanted = environment(Path(sys.executable), IMAGE / "requirements.txt", modules)
    make(wanted, "transform", print)
    with tempfile.TemporaryDirectory() as name:
        rows = f"{name}/rows.parquet"
        made = MAKE.format(rows=chosen.rows)
        run(str(wanted.python), "-c", ALONE, f"COPY ({made}) TO '{rows}' {FORM}")
        times: dict[str, list[float]] = {"duckdb": [], "transform": []}
        query = QUERY.format(source=f"'{rows}'")
        given = {"query": QUERY.format(source="rows"), "output": f"{name}/b.parquet"}
        given["inputs"] = f'{{"rows": "{rows}"}}'
        for _ in range(chosen.rounds):
            for way, taken in times.items():
                began = time.monotonic()
                if way == "duckdb":
                    copy = f"COPY ({query}) TO '{name}/a.parquet' {FORM}"
                    run(str(wanted.python), "-c", ALONE, copy)
                else:
                    run(str(wanted.python), str(IMAGE / "task.py"), **given)
                taken.append(time.monotonic() - began)
        first = median(times["duckdb"])
        for way, taken in times.items():
            print(f"{way:<12}{median(taken):>8.2f} s   {median(taken) / first:.2f}   {taken}")
    return 0


def run(*words: str, **given: str) -> None:
    """Run a program of ours."""
    variables = {f"WITH_{name}": value for name, value in given.items()}
    env = {"PATH": os.environ["PATH"], **variables}
    subprocess.run(words, env=env, check=True, stdout=subprocess.DEVNULL)  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
