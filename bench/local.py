"""
Headrace on one machine without a cluster: install, first run, time per step, memory, idle, resume.

    python -m bench.local [install] [diamond] [chain] [parallel] [memory] [resume]

Each number is the median of several runs of no-op tasks, a process each, beside what must be
reached. Without `install` the interpreter that runs this is measured. Needs Linux (/proc).
"""

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Final

from headrace.local.folder import StateFolder
from headrace.local.store import Store

ROOT: Final = Path(__file__).parents[1]
REPEATS: Final = 5
IDLE_SECONDS: Final = 20
NO_OP: Final = ("true",)
HZ: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Result:
    """One number."""

    what: str
    value: float
    unit: str
    at_most: float
    samples: int = 1

    def __str__(self) -> str:
        """Return a line of the table."""
        verdict = "ok" if self.value <= self.at_most else "TOO MUCH"
        value, limit = f"{self.value:.3g} {self.unit}", f"<= {self.at_most:g} {self.unit}"
        return f"{self.what:<44}{value:>12}  {limit:<14} {verdict}  (n={self.samples})"


class Machine:
    """A headrace program, and folders to run it in."""

    def __init__(self, folder: Path, headrace: Path) -> None:
        self._headrace = str(headrace)
        self._folder = folder
        self._count = 0

    def folder(self, *tasks: dict[str, Any]) -> Path:
        """Return a new folder with a workflow of these tasks."""
        self._count += 1
        folder = self._folder / f"run-{self._count}"
        folder.mkdir()
        manifest = {
            "apiVersion": "headrace.dev/v1alpha1",
            "kind": "Workflow",
            "metadata": {"name": "bench"},
            "spec": {"defaults": {"image": "none"}, "tasks": tasks},
        }
        (folder / "workflow.yaml").write_text(json.dumps(manifest))
        return folder

    def command(self, *options: str) -> list[str]:
        """Return the command line that runs a folder's workflow."""
        return [self._headrace, "run", "workflow.yaml", "--runner", "process", *options]

    def run(self, folder: Path, *options: str) -> float:
        """Run a folder's workflow; return the seconds from the command to its end."""
        start = time.monotonic()
        subprocess.run(  # noqa: S603 - our own program
            self.command(*options), cwd=folder, check=True, stdout=subprocess.DEVNULL
        )
        return time.monotonic() - start

    @contextmanager
    def running(self, folder: Path) -> Iterator[int]:
        """Run a folder's workflow on a terminal, with its table; yield the process id."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(folder)
            os.environ["TERM"] = "xterm"
            os.execv(self._headrace, self.command())  # noqa: S606 - no shell is wanted
        drain = subprocess.Popen(  # noqa: S603 - so that the terminal never is full
            [shutil.which("cat") or "cat"],
            stdin=terminal,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield pid
        finally:
            os.kill(pid, signal.SIGTERM)
            os.waitpid(pid, 0)
            os.close(terminal)
            drain.kill()
            drain.wait()


def task(name: str, *after: str, command: tuple[str, ...] = NO_OP) -> dict[str, Any]:
    """Return a task."""
    return {"name": name, "dependsOn": after, "command": command}


def chain(length: int) -> list[dict[str, Any]]:
    """Return tasks that follow each other."""
    names = [f"step-{number}" for number in range(length)]
    return [task(name, *names[max(0, place - 1) : place]) for place, name in enumerate(names)]


def engine_seconds(folder: Path) -> float:
    """Return how long the last run of a folder took, without loading the program."""
    state = StateFolder(folder / ".headrace")
    with Store(state.database) as store:
        log = store.run_log(max(path.name for path in (state.root / "runs").iterdir()))
    if log.started is None or log.finished is None:
        raise RuntimeError(f"the run in {folder} did not end")
    return (log.finished - log.started).total_seconds()


def until(condition: Callable[[], object]) -> None:
    """Wait until something is true."""
    while not condition():
        time.sleep(0.01)


def install(folder: Path) -> Iterator[Result]:
    """Measure a new virtual environment with what `headrace run` needs and nothing else."""
    start = time.monotonic()
    for command in (
        [sys.executable, "-m", "venv", str(folder / "venv")],
        [str(folder / "venv/bin/pip"), "install", "--quiet", "--no-cache-dir", str(ROOT)],
    ):
        subprocess.run(command, check=True)  # noqa: S603 - pip and venv
    yield Result("install, without any cache", time.monotonic() - start, "s", 25)
    size = sum(f.lstat().st_size for f in (folder / "venv").rglob("*") if f.is_file())
    yield Result("install, size with pip", size / 1e6, "MB", 120)


def diamond(machine: Machine) -> Iterator[Result]:
    """Measure the first diamond of four, from the command to its end."""
    tasks = [task("a"), task("b", "a"), task("c", "a"), task("d", "b", "c")]
    seconds = [machine.run(machine.folder(*tasks)) for _ in range(REPEATS)]
    yield Result("first diamond of 4, whole command", median(seconds), "s", 2, REPEATS)


def steps(machine: Machine) -> Iterator[Result]:
    """Measure a chain of ten."""
    each = []
    for _ in range(REPEATS):
        folder = machine.folder(*chain(10))
        machine.run(folder)
        each.append(engine_seconds(folder) / 10)
    yield Result("chain of 10, per step", median(each), "s", 0.15, REPEATS)


def parallel(machine: Machine) -> Iterator[Result]:
    """Measure forty tasks at once."""
    whole = []
    for _ in range(REPEATS):
        folder = machine.folder(*(task(f"task-{number}") for number in range(40)))
        whole.append(machine.run(folder, "--max-parallel", "40"))
    yield Result("40 at once, whole command", median(whole), "s", 3, REPEATS)


def memory(machine: Machine) -> Iterator[Result]:
    """Measure a runner, with its table, that has nothing to do but to wait for a task."""
    used, busy = [], []
    for _ in range(3):
        folder = machine.folder(task("wait", command=("sleep", "3600")))
        with machine.running(folder) as pid:
            until(partial(_started, folder))
            time.sleep(2)
            before = cpu_seconds(pid)
            time.sleep(IDLE_SECONDS)
            busy.append((cpu_seconds(pid) - before) / IDLE_SECONDS * 100)
            used.append(pss(pid))
    yield Result("memory while a task runs (PSS, with its shell)", median(used), "MB", 100, 3)
    yield Result("CPU while a task runs", median(busy), "%", 1, 3)


def resume(machine: Machine) -> Iterator[Result]:
    """Kill the runner in the middle of a chain; measure how soon it goes on, and what is rerun."""
    seconds, again = [], 0
    for _ in range(3):
        tasks = chain(10)
        mark = "echo $HEADRACE_TASK >> ran; sleep 0.05"
        folder = machine.folder(*({**each, "command": ["sh", "-c", mark]} for each in tasks))
        ran = folder / "ran"
        runner = subprocess.Popen(  # noqa: S603 - our own program
            machine.command(), cwd=folder, stdout=subprocess.DEVNULL
        )
        until(partial(_half_done, ran))
        runner.kill()
        runner.wait()
        seconds.append(machine.run(folder, "--resume"))
        names = ran.read_text().split()
        again += len(names) - len(set(names))
    yield Result("resume after kill -9, whole command", median(seconds), "s", 3, 3)
    yield Result("resume after kill -9, tasks run again", again, "", 0, 3)


def _started(folder: Path) -> bool:
    return any(folder.rglob("*.lock"))


def _half_done(ran: Path) -> bool:
    return ran.exists() and len(ran.read_text().split()) >= 5  # noqa: PLR2004 - of ten


def descendants(pid: int) -> list[int]:
    """Return a process and all below it."""
    below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in below for each in descendants(int(child)))]


def pss(pid: int) -> float:
    """Return the memory of a process and all below it, shared pages divided, in MB."""
    total = 0
    for each in descendants(pid):
        for line in Path(f"/proc/{each}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1000


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / HZ


MEASURES: Final = {
    "diamond": diamond,
    "chain": steps,
    "parallel": parallel,
    "memory": memory,
    "resume": resume,
}


def measure(*wanted: str) -> Iterator[Result]:
    """Measure what is asked for; all if nothing is."""
    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as name:
        folder = Path(name)
        headrace = Path(sys.executable).with_name("headrace")
        if not wanted or "install" in wanted:
            yield from install(folder)
            headrace = folder / "venv/bin/headrace"
        machine = Machine(folder, headrace)
        for what, how in MEASURES.items():
            if not wanted or what in wanted:
                yield from how(machine)


if __name__ == "__main__":
    for result in measure(*sys.argv[1:]):
        print(result, flush=True)
