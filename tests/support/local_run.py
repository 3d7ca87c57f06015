"""The program `headrace run` in a folder of its own, as somebody at a terminal uses it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import chdir, suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final

from click.testing import CliRunner

from headrace.cli.main import main as program
from headrace.engine.task.observed import TaskLog
from headrace.local.folder import AttemptFiles, StateFolder
from headrace.local.store import Store

PROGRAM: Final = (sys.executable, "-c", "from headrace.cli.main import main; main()", "run")
PATIENCE_SECONDS: Final = 60
"""How long to wait for what must happen; a machine under load is slow, not wrong."""

MARK: Final = 'echo "$HEADRACE_ATTEMPT" >> "$HEADRACE_TASK".ran\n'
"""Shell: note that an attempt of this task runs."""

HOLD: Final = 'while [ ! -e "$HEADRACE_TASK".go ]; do sleep 0.02; done\n'
"""Shell: wait for the test."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a run of the program gave."""

    code: int
    out: str
    err: str


def sh(name: str, script: str = "", **fields: Any) -> dict[str, Any]:
    """Return a task that runs a shell script, after noting that it runs."""
    return {"name": name, "command": ["sh", "-c", MARK + script], **fields}


def until(condition: Callable[[], object]) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


class Bench:
    """A folder with a workflow, and runs of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._started: list[subprocess.Popen[str]] = []

    def write(
        self,
        *tasks: Mapping[str, Any],
        name: str = "etl",
        last: Sequence[Mapping[str, Any]] = (),
        **spec: Any,
    ) -> None:
        """Write the workflow; `last` are its `finally` tasks."""
        defaults = {"image": "example.org/none:1"}
        manifest = {
            "apiVersion": "headrace.dev/v1alpha1",
            "kind": "Workflow",
            "metadata": {"name": name},
            "spec": {
                "defaults": defaults,
                "tasks": list(tasks),
                **({"finally": list(last)} if last else {}),
                **spec,
            },
        }
        (self.folder / "workflow.yaml").write_text(json.dumps(manifest))

    def run(
        self, *arguments: str, file: str | Path = "workflow.yaml", **environment: str
    ) -> Result:
        """Run the workflow to its end, in this process: that saves the time to load everything."""
        with chdir(self.folder):
            done = CliRunner(env=environment).invoke(
                program, ["run", str(file), "--runner", "process", *arguments]
            )
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Result(done.exit_code, done.stdout, done.stderr)

    def rerun(self, run: str, *arguments: str) -> Result:
        """Repeat a run, in this process."""
        with chdir(self.folder):
            done = CliRunner().invoke(
                program, ["rerun", run, "--local", "--runner", "process", *arguments]
            )
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Result(done.exit_code, done.stdout, done.stderr)

    def backfill(self, *arguments: str) -> Result:
        """Backfill the workflow, in this process."""
        with chdir(self.folder):
            words = ["backfill", "workflow.yaml", "--runner", "process", *arguments]
            done = CliRunner().invoke(program, words)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Result(done.exit_code, done.stdout, done.stderr)

    def start_backfill(self, *arguments: str) -> subprocess.Popen[str]:
        """Start to backfill the workflow, in a process of its own."""
        words = [*PROGRAM[:-1], "backfill", "workflow.yaml", "--runner", "process"]
        return self._start([*words, *arguments])

    def command(self, *arguments: str) -> list[str]:
        """Return the command line that runs the workflow."""
        return [*PROGRAM, "workflow.yaml", "--runner", "process", *arguments]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start to run the workflow, in a process of its own."""
        return self._start(self.command(*arguments))

    def start_rerun(self, run: str, *arguments: str) -> subprocess.Popen[str]:
        """Start to repeat a run, in a process of its own."""
        rerun = [*PROGRAM[:-1], "rerun", run, "--local", "--runner", "process"]
        return self._start([*rerun, *arguments])

    def _start(self, command: list[str]) -> subprocess.Popen[str]:
        runner = subprocess.Popen(  # noqa: S603 - our own program
            command,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._started.append(runner)
        return runner

    def ran(self, task: str) -> list[int]:
        """Return the numbers of the attempts of a task whose program ran, in that order."""
        file = self.folder / f"{task}.ran"
        return [int(line) for line in file.read_text().split()] if file.exists() else []

    def let_go(self, task: str) -> None:
        """Let a task that holds go on."""
        (self.folder / f"{task}.go").touch()

    @property
    def state(self) -> StateFolder:
        """The folder of state."""
        return StateFolder(self.folder / ".headrace")

    @property
    def last_run(self) -> str:
        """The name of the newest run."""
        return max(path.name for path in (self.state.root / "runs").iterdir())

    def files(self, task: str, number: int = 1) -> AttemptFiles:
        """Return the files of an attempt in the newest run."""
        return self.state.attempt(self.last_run, task, number)

    def log_of(self, task: str) -> TaskLog:
        """Return what was recorded of a task in the newest run."""
        with Store(self.state.database) as store:
            return store.task_logs(self.last_run)[task]

    def clear(self) -> None:
        """End what a failed test left behind."""
        for runner in self._started:
            if runner.poll() is None:
                runner.kill()
            runner.wait()
            if runner.stdout is not None:
                runner.stdout.close()
        locks = (self.state.root.glob(f"runs/*/*/{each}*.lock") for each in ("", "*/"))
        for lock in chain.from_iterable(locks):
            code = lock.with_suffix(".exit")
            with suppress(ValueError, OSError):
                # A program may have put a pipe into the place of the file: nothing would come.
                if not code.exists() or (code.is_file() and not code.read_text()):
                    os.killpg(int(lock.read_text()), signal.SIGKILL)


def kill_runner(runner: subprocess.Popen[str]) -> None:
    """Kill a runner as the kernel does: it gets no word in."""
    runner.kill()
    runner.wait()


def said(runner: subprocess.Popen[str]) -> str:
    """Return the next line that a runner prints."""
    assert runner.stdout is not None
    return runner.stdout.readline()
