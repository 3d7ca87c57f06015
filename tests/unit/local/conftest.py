"""Builders for attempts and what is around them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headrace.api.v1alpha1.task import TaskBody
from headrace.engine.definition.compile import TaskDefinition
from headrace.engine.definition.work import Container
from headrace.engine.task.actions import RunContext, StartAttempt
from headrace.engine.task.verdict import Start as Verdict
from headrace.engine.task.work import start_attempt
from headrace.local.folder import AttemptFiles
from headrace.local.supervision import Program
from support.builders import at

Start = Callable[..., StartAttempt[Container]]


@pytest.fixture
def files(tmp_path: Path) -> AttemptFiles:
    folder = tmp_path / "files"
    folder.mkdir()
    return AttemptFiles(folder, 1)


@pytest.fixture
def program(tmp_path: Path) -> Callable[..., Program]:
    def build(*arguments: str, **environment: str) -> Program:
        variables = {"PATH": "/usr/bin:/bin", **environment}
        return Program(arguments, variables, tmp_path)

    return build


@pytest.fixture
def start() -> Start:
    def build(*command: str, number: int = 1, **body: Any) -> StartAttempt[Container]:
        fields = {"image": "example.org/etl:1", "command": command, **body}
        task = TaskDefinition("load", 0, Container(TaskBody.model_validate(fields)))
        context = RunContext("default", "etl-1", "uid", "etl", "2030-01-01T00:00:00Z")
        return start_attempt(task, Verdict(number), context, at(0))

    return build
