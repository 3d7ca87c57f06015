"""The flights pipeline, run once as processes in the order of its manifest, without the engine."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from headrace.api.v1alpha1.task import NamedTask
from headrace.api.v1alpha1.workflow import WorkflowSpec

FOLDER = Path(__file__).parents[2] / "examples" / "flights"
OUTPUTS_LIMIT = 4096


@dataclass(frozen=True, slots=True)
class Ended:
    """How the process of a task ended."""

    code: int
    outputs: Mapping[str, object]
    text: str


RunTask = Callable[[NamedTask, Path, str, str], Ended]


@pytest.fixture(scope="session")
def spec() -> WorkflowSpec:
    """Return what workflow.yaml says."""
    manifest = yaml.safe_load((FOLDER / "workflow.yaml").read_text())
    return WorkflowSpec.model_validate(manifest["spec"])


@pytest.fixture(scope="session")
def run_task() -> RunTask:
    """Return a function that runs a task as the local runner does: its command, in its folder."""

    def run(task: NamedTask, data: Path, run: str, params: str) -> Ended:
        outputs = data / f"{run}-{task.name}-outputs"
        process = subprocess.run(  # noqa: S603 - the commands are our own
            [sys.executable, *task.command[1:]],
            cwd=FOLDER,
            env={
                "PATH": os.environ["PATH"],
                "DATA_DIR": str(data),
                "HEADRACE_RUN": run,
                "HEADRACE_PARAMS": params,
                "HEADRACE_OUTPUTS": str(outputs),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        written = outputs.read_bytes() if outputs.exists() else b"{}"
        assert len(written) <= OUTPUTS_LIMIT
        return Ended(process.returncode, json.loads(written), process.stdout)

    return run


@dataclass(frozen=True, slots=True)
class GoodRun:
    """A run of all tasks that went well."""

    name: str
    data: Path
    outputs: Mapping[str, Mapping[str, object]]
    """What each task wrote as its outputs."""


@pytest.fixture(scope="session")
def good(
    tmp_path_factory: pytest.TempPathFactory, spec: WorkflowSpec, run_task: RunTask
) -> GoodRun:
    """Return a run of all tasks of workflow.yaml, in the order in which they stand there."""
    data = tmp_path_factory.mktemp("data")
    outputs = {}
    for task in (*spec.tasks, *spec.finally_):
        ended = run_task(task, data, "good", "{}")
        assert not ended.code, ended.text
        outputs[task.name] = ended.outputs
    return GoodRun("good", data, outputs)
