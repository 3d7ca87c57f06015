"""
From what was typed to a run that can go on: a new one, or the last that was left unfinished.

Knows what must fit before anything starts. Starts nothing.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from headrace.api.v1alpha1.run import DesiredState
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.cli import given
from headrace.cli.input import InputError
from headrace.cli.workflow_file import WorkflowFile
from headrace.engine.definition import Definition, compile_workflow
from headrace.local import containers, runs
from headrace.local.folder import StateFolder
from headrace.local.launcher import Launcher, ProcessLauncher
from headrace.local.records import RunRecord
from headrace.local.store import Store

PROCESS: Final = "process"
AUTO: Final = "auto"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was typed."""

    file: Path
    name: str | None
    params: tuple[str, ...]
    resume: bool
    logical_time: str | None
    state: Path
    max_parallel: int
    runner: str
    python: str
    plain: bool


@dataclass(frozen=True, slots=True)
class Begun:
    """A run, and all that its world needs besides the folder of state."""

    record: RunRecord
    definition: Definition
    launcher: Launcher


def begin(wishes: Wishes, file: WorkflowFile, folder: StateFolder, store: Store) -> Begun:
    """
    Make a new run, or find the one to go on with.

    Raises:
        InputError: if it cannot run here, with everything that is in the way.

    """
    return _resumed(wishes, file, store) if wishes.resume else _new(wishes, file, folder, store)


def _new(wishes: Wishes, file: WorkflowFile, folder: StateFolder, store: Store) -> Begun:
    values = given.params(file.spec.params, wishes.params)
    logical_time = given.instant(wishes.logical_time)
    home = file.path.absolute().parent
    launcher = _launcher(wishes, home)
    _check(launcher, file, file.spec, file.definition)
    unfinished = store.newest_unfinished(file.name)
    if unfinished is not None:
        _note(f"run {unfinished} was not brought to its end; --resume goes on with it")
    request = runs.Request(
        namespace=file.namespace,
        workflow=file.name,
        spec=_frozen(file.spec),
        folder=home,
        params=values,
        logical_time=logical_time,
    )
    record = runs.create(folder, store, request, datetime.now(UTC))
    return Begun(record, file.definition, launcher)


def _resumed(wishes: Wishes, file: WorkflowFile, store: Store) -> Begun:
    name = store.newest_unfinished(file.name)
    if name is None:
        raise InputError(
            f"--resume: no run of {file.name} in {wishes.state} is unfinished;"
            " leave --resume out to start a new one"
        )
    record = store.run(name)
    spec = WorkflowSpec.model_validate_json(record.spec)
    _same(wishes, record, spec)
    if record.spec != _frozen(file.spec):
        _note(f"{file.path} has changed since run {name} began; the run keeps its definition")
    if record.desired is DesiredState.CANCEL:
        _note(f"run {name} was being cancelled, and still is")
    definition = compile_workflow(spec)
    launcher = _launcher(wishes, Path(record.folder))
    _check(launcher, file, spec, definition)
    return Begun(record, definition, launcher)


def _frozen(spec: WorkflowSpec) -> str:
    """Write a definition so that it is read back as the same, defaults left open."""
    return spec.model_dump_json(by_alias=True, exclude_unset=True)


def _same(wishes: Wishes, record: RunRecord, spec: WorkflowSpec) -> None:
    """Refuse other values than the run began with; none given means those."""
    wrong = []
    if wishes.params and given.params(spec.params, wishes.params) != record.params:
        kept = ", ".join(f"{name}={value}" for name, value in record.params.items()) or "none"
        wrong.append(f"--param: run {record.key.name} keeps what it began with ({kept})")
    logical_time = given.instant(wishes.logical_time)
    if logical_time not in (None, record.logical_time):
        kept = record.logical_time.isoformat() if record.logical_time else "none"
        wrong.append(f"--logical-time: run {record.key.name} keeps what it began with ({kept})")
    if wrong:
        raise InputError(*wrong)


def _check(
    launcher: Launcher, file: WorkflowFile, spec: WorkflowSpec, definition: Definition
) -> None:
    problems = list(launcher.problems(spec, definition))
    if problems:
        raise file.wrong(problems)
    for notice in launcher.notices(spec):
        _note(notice)


def _launcher(wishes: Wishes, home: Path) -> Launcher:
    """Choose what tasks run in."""
    engines = containers.ENGINES if wishes.runner == AUTO else (wishes.runner,)
    if wishes.runner != PROCESS:
        for engine in engines:
            program = containers.find(engine)
            if program is not None:
                return containers.ContainerLauncher(program, home, os.environ)
        if wishes.runner != AUTO:
            raise InputError(
                f"--runner {wishes.runner}: `{wishes.runner} info` does not answer on this machine;"
                f" start it, or use --runner {PROCESS}"
            )
    return ProcessLauncher(given.interpreter(wishes.python), home, os.environ)


def _note(text: str) -> None:
    click.echo(text, err=True)
