"""What the page is shown over in tests: a cluster in memory, runs of a laptop."""

import asyncio
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from support.page_server import Answer, Page
from support.window import CommandStage

PROGRAM = (sys.executable, "-c", "from headrace.cli.main import main; main()")

HELLO = {
    "apiVersion": "headrace.dev/v1alpha1",
    "kind": "Workflow",
    "metadata": {"name": "hello"},
    "spec": {
        "defaults": {"image": "busybox"},
        "tasks": [
            {"name": "extract", "command": ["sh", "-c", "echo '<b>rows</b>'"]},
            {"name": "load", "command": ["sh", "-c", "echo bad; exit 3"], "dependsOn": ["extract"]},
            {"name": "report", "command": ["true"], "dependsOn": ["load"]},
        ],
        "finally": [{"name": "tidy", "command": ["true"]}],
    },
}
"""A workflow whose second task fails."""


@dataclass(frozen=True)
class ClusterPage:
    """A cluster in memory, and the page over it."""

    stage: CommandStage
    page: Page

    async def get(self, path: str, **headers: str) -> Answer:
        """Ask from a thread, since the cluster answers in this one."""
        return await asyncio.to_thread(self.page.get, path, **headers)

    async def post(self, path: str, body: Any, **headers: str) -> Answer:
        """Ask for a change, in the same way."""
        return await asyncio.to_thread(self.page.post, path, body, **headers)


def laptop(folder: Path, workflow: Any = HELLO) -> str:
    """Run a workflow in a folder; return the run's name."""
    before = set(_runs(folder))
    file = folder / "workflow.yaml"
    file.write_text(yaml.safe_dump(workflow))
    words = [*PROGRAM, "run", str(file), "--runner", "process", "--plain"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    assert 2 != done.returncode, done.stderr
    (run,) = set(_runs(folder)) - before
    return run


def _runs(folder: Path) -> list[str]:
    runs = folder / ".headrace" / "runs"
    return [path.name for path in runs.iterdir() if path.is_dir()] if runs.is_dir() else []
