"""
`headrace serve` over a hundred workflows: CPU while nothing is due, and memory while all run.

    PYTHONPATH=tests:. python -m bench.served [--workflows N] [--minutes N]

First the workflows have a daily tick, and a minute passes. Then each has a tick a minute. Needs
Linux (/proc).
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from headrace.local.folder import StateFolder
from headrace.local.workflow_store import WorkflowStore

PROGRAM: Final = (sys.executable, "-c", "from headrace.cli.main import main; main()", "serve")
GOAL_PERCENT: Final = 1.0
GOAL_MIB: Final = 120.0
SETTLED_SECONDS: Final = 15
IDLE_SECONDS: Final = 60
DAILY: Final = {"cron": "0 0 * * *", "catchUp": "None"}
MINUTELY: Final = {"everySeconds": 60}


def main() -> None:
    """Measure, and print a line for each number."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workflows", type=int, default=100)
    parser.add_argument("--minutes", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, asked.workflows, DAILY)
        with server(folder) as pid:
            time.sleep(SETTLED_SECONDS)
            before = cpu(pid)
            time.sleep(IDLE_SECONDS)
            idle = 100 * (cpu(pid) - before) / IDLE_SECONDS
            memory = resident(pid, "VmRSS")
        verdict = "" if idle < GOAL_PERCENT else " **too much**"
        print(f"{asked.workflows} idle workflows: CPU {idle:.2f} %{verdict}, {memory:.0f} MiB")
        write(folder, asked.workflows, MINUTELY)
        with server(folder) as pid:
            time.sleep(SETTLED_SECONDS)
            before, begin = cpu(pid), time.time()
            time.sleep(60 * asked.minutes)
            spent, most = cpu(pid) - before, resident(pid, "VmHWM")
            made = runs(folder, begin)
        verdict = "" if most <= GOAL_MIB else " **too much**"
        each = f", {1000 * spent / made:.1f} ms of CPU each" if made else ""
        print(f"{made} runs in {asked.minutes} minutes{each}; at most {most:.0f} MiB{verdict}")


def write(folder: Path, count: int, schedule: Mapping[str, Any]) -> None:
    """Write the workflows, each into a file of its own."""
    for number in range(count):
        task = {"name": "only", "image": "none", "command": ["true"]}
        manifest = {
            "apiVersion": "headrace.dev/v1alpha1",
            "kind": "Workflow",
            "metadata": {"name": f"wf-{number}"},
            "spec": {"triggers": [{"schedule": dict(schedule)}], "tasks": [task]},
        }
        (folder / f"{number}.yaml").write_text(json.dumps(manifest))


@contextmanager
def server(folder: Path) -> Iterator[int]:
    """Serve a folder meanwhile; the process id."""
    command = [*PROGRAM, str(folder), "--runner", "process"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:  # noqa: S603 - our own
        try:
            yield process.pid
        finally:
            process.send_signal(signal.SIGTERM)


def cpu(pid: int) -> float:
    """Return the seconds of CPU that a process has used."""
    fields = Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid: int, field: str) -> float:
    """Return a size of a process, in MiB."""
    lines = Path("/proc", str(pid), "status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


def runs(folder: Path, since: float) -> int:
    """Return how many ticks since an instant have a run that succeeded."""
    count = 0
    with WorkflowStore(StateFolder(folder / ".headrace").database) as store:
        for workflow in store.workflows():
            for run in store.runs_of(workflow.name, {}):
                count += run.created.timestamp() >= since and bool(run.log.succeeded)
    return count


if __name__ == "__main__":
    main()
