"""The program `headrace serve` over a folder of its own, as somebody starts and kills it."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from threading import Thread
from typing import Any, Final

from headrace.local.folder import StateFolder
from headrace.local.workflow_store import WorkflowStore
from support.local_run import HOLD, MARK, until

PROGRAM: Final = (sys.executable, "-c", "from headrace.cli.main import main; main()", "serve")
HELD: Final = MARK + HOLD


class Served:
    """A folder of workflows, and its servers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lines: list[str] = []
        """All that all servers have printed."""
        self._servers: list[subprocess.Popen[str]] = []

    def write(self, name: str, script: str = "", file: str = "", **spec: Any) -> None:
        """Write a workflow of one task `a`, a shell script, into a file of its own."""
        task = {"name": "a", "image": "none", "command": ["sh", "-c", script or "true"]}
        self.put(file or f"{name}.yaml", self.manifest(name, {"tasks": [task], **spec}))

    def manifest(self, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
        """Return a workflow."""
        kind = {"apiVersion": "headrace.dev/v1alpha1", "kind": "Workflow"}
        return {**kind, "metadata": {"name": name}, "spec": dict(spec)}

    def put(self, file: str, value: object) -> None:
        """Write a file at once, as editors do: nobody sees half of it."""
        hidden = self.folder / f".{file}.new"
        hidden.write_text(value if isinstance(value, str) else json.dumps(value))
        hidden.replace(self.folder / file)

    def start(self, *options: str) -> subprocess.Popen[str]:
        """Start a server, and wait until it says so."""
        server = subprocess.Popen(  # noqa: S603 - our own program
            [*PROGRAM, str(self.folder), "--runner", "process", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self.folder,
        )
        self._servers.append(server)
        before = len(self.lines)
        Thread(target=self._listen, args=(server,), daemon=True).start()
        until(lambda: self.said("serves ", before) or server.poll() is not None)
        return server

    def said(self, words: str, after: int = 0) -> list[str]:
        """Return the printed lines with some words in them."""
        return [line for line in self.lines[after:] if words in line]

    def wait(self, words: str, times: int = 1) -> None:
        """Wait until the servers have printed some words, so many times."""
        until(lambda: len(self.said(words)) >= times)

    def stop(self, server: subprocess.Popen[str], number: int = signal.SIGTERM) -> int:
        """Send a signal; return the exit code."""
        server.send_signal(number)
        return server.wait(timeout=60)

    def runs(self, workflow: str) -> dict[str, str]:
        """Return the reason of each run of a workflow."""
        with WorkflowStore(self.state.database) as store:
            return {run.name: run.log.reason.value for run in store.runs_of(workflow, {})}

    def next_run(self, workflow: str) -> datetime | None:
        """Return the next tick of a workflow, once it is on record."""
        with WorkflowStore(self.state.database) as store:
            return store.workflow_log(workflow).next_run if store.workflow(workflow) else None

    def set_back(self, workflow: str, tick: str) -> None:
        """Act as if nobody had served a workflow since a tick."""
        with sqlite3.connect(self.state.database) as db:
            (text,) = db.execute(
                "SELECT status FROM workflow WHERE name = ?", (workflow,)
            ).fetchone()
            status = {**json.loads(text), "lastTickTime": tick, "scheduleSince": tick}
            db.execute(
                "UPDATE workflow SET status = ? WHERE name = ?", (json.dumps(status), workflow)
            )
        db.close()

    @property
    def state(self) -> StateFolder:
        """The folder of state."""
        return StateFolder(self.folder / ".headrace")

    def clear(self) -> None:
        """End what a failed test left behind."""
        for server in self._servers:
            if server.poll() is None:
                server.kill()
            server.wait()
        for lock in self.state.root.glob("runs/*/*/*.lock"):
            code = lock.with_suffix(".exit")
            with suppress(ValueError, OSError):
                if not code.exists() or not code.read_text():
                    os.killpg(int(lock.read_text()), signal.SIGKILL)

    def _listen(self, server: subprocess.Popen[str]) -> None:
        assert server.stdout is not None
        with server.stdout as printed:
            for line in printed:
                self.lines.append(line.rstrip("\n"))
