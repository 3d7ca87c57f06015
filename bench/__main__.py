"""
`make bench`: all that is measured, part by part, beside what it is held against.

    PYTHONPATH=tests:. python -m bench [PART ...]

Knows the parts and their commands. A part that fails is told, and the others go on.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PARTS = {
    "engine": "one turn of a run, by its size",
    "definitions": "large definitions: time to compile, memory while kept",
    "expressions": "expressions: a check, an answer, hostile ones",
    "memory": "what objects cost the memory of a controller",
    "plumbing": "the client and the cache, beside the official client",
    "local": "runs on this machine",
    "served": "a served folder of a hundred workflows",
    "kubernetes": "what Kubernetes itself takes, without Headrace",
    "cluster": "runs on a real node, beside bare Jobs",
    "pools": "500 tasks of 20 workflows in three pools, on fake nodes",
    "deliveries": "deliveries to a webhook, before a real API server",
    "bulk_load": "rows into PostgreSQL by the template sql, beside psql",
    "transform": "a query over Parquet by the template transform, beside DuckDB alone",
    "commands": "each command over a cluster with 10,000 TaskRuns",
    "page": "the page in a browser, over a lot of data",
    "counted": "instructions of the controller for a task, under valgrind",
    "profile": "what the controller's CPU is spent on, with 40 tasks at once",
}


def main(chosen: list[str]) -> int:
    """Run the chosen parts, or all; return 1 if one failed."""
    environ = {**os.environ, "PYTHONPATH": f"{ROOT / 'tests'}:{ROOT}"}
    failed = 0
    for part in chosen or PARTS:
        print(f"\n# {part}: {PARTS[part]}", flush=True)
        command = [sys.executable, "-m", f"bench.{part}"]
        failed |= subprocess.run(command, env=environ, cwd=ROOT, check=False).returncode != 0  # noqa: S603 - our own parts
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
