"""
From what was typed to a run that can go on: a new one, or the last that was left unfinished.

Knows what must fit before anything starts. Starts nothing.
"""

import os
import shutil
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from headrace.api.v1alpha1.run import DesiredState
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.cli import given
from headrace.cli.input import InputError
from headrace.cli.streams import note
from headrace.cli.workflow_file import Written, find_workflow, read_workflow
from headrace.engine.definition.compile import Definition, compile_workflow
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
    """A run that this process holds, and all that its world needs besides the folder of state."""

    record: RunRecord
    definition: Definition
    launcher: Launcher
    store: Store


def begin(wishes: Wishes, folder: StateFolder, stack: ExitStack) -> Begun:
    """
    Make a new run, or find the one to go on with; open the store and hold the run.

    Args:
        wishes: What was typed.
        folder: The folder of state. Made once nothing is in the way of a new run, and not before.
        stack: Closes the store, and lets go of the run.

    Raises:
        InputError: if it cannot run here, with everything that is in the way.
        RunLockedError: if another process has the run to go on with.
        UnusableStateError: if the folder of state cannot be used.

    """
    begun = _resumed if wishes.resume else _new
    return begun(wishes, folder, stack)


def _new(wishes: Wishes, folder: StateFolder, stack: ExitStack) -> Begun:
    file = read_workflow(wishes.file, wishes.name)
    values = given.params(file.spec.params, wishes.params)
    logical_time = given.instant(wishes.logical_time)
    home = file.path.absolute().parent
    launcher = _launcher(wishes, home)
    problems = list(launcher.problems(file.spec, file.definition))
    if problems:
        raise file.wrong(problems)
    _notice(launcher, file.spec)
    runs.prepare(folder)
    store = stack.enter_context(Store(folder.database))
    _mention_unfinished(folder, store, file.name)
    request = runs.Request(
        namespace=file.namespace,
        workflow=file.name,
        spec=_as_stored(file.spec),
        folder=home,
        params=values,
        logical_time=logical_time,
    )
    record = runs.create(folder, store, request, datetime.now(UTC))
    stack.enter_context(runs.locked(folder, record.key.name))
    return Begun(record, file.definition, launcher, store)


def _unfinished(folder: StateFolder, store: Store, workflow: str) -> list[str]:
    """Return the runs that can be gone on with, newest first: those that have their files."""
    return [name for name in store.unfinished(workflow) if folder.run(name).is_dir()]


def _mention_unfinished(folder: StateFolder, store: Store, workflow: str) -> None:
    """Say what else there is of a workflow: the newest run that goes on, the newest left over."""
    told = set()
    for name in _unfinished(folder, store, workflow):
        by = runs.holder(folder, name)
        if by is not None and "held" not in told:
            note(f"run {name} is still running (process {by})")
        elif by is None and "left" not in told:
            note(f"run {name} is unfinished; --resume continues it")
        told.add("left" if by is None else "held")


def _resumed(wishes: Wishes, folder: StateFolder, stack: ExitStack) -> Begun:
    written = find_workflow(wishes.file, wishes.name)
    workflow = written.name
    if not workflow:
        raise InputError(f"{wishes.file}: the workflow in this file has no name; give it one")
    if not folder.database.exists():
        raise _nothing_unfinished(wishes, workflow)
    store = stack.enter_context(Store(folder.database))
    record = _newest_free(wishes, workflow, folder, store, stack)
    name = record.key.name
    spec = WorkflowSpec.model_validate_json(record.spec)
    _same(wishes, record, spec)
    if _changed(written, record):
        note(f"{wishes.file} has changed since run {name} began; the run keeps its definition")
    if record.desired is DesiredState.CANCEL:
        note(f"run {name} is still being cancelled; Ctrl-C ends its `finally` tasks too")
    if record.desired is DesiredState.TERMINATE:
        note(f"run {name} is still being ended")
    definition = compile_workflow(spec)
    launcher = _launcher(wishes, Path(record.folder))
    problems = list(launcher.problems(spec, definition))
    if problems:
        # Of the definition that the run keeps: the file of today may have other lines.
        raise InputError(*(f"run {name}: {problem}" for problem in problems))
    _notice(launcher, spec)
    return Begun(record, definition, launcher, store)


def _newest_free(
    wishes: Wishes, workflow: str, folder: StateFolder, store: Store, stack: ExitStack
) -> RunRecord:
    """Hold the newest run that was left unfinished and that nobody else holds."""
    refused = None
    for name in _unfinished(folder, store, workflow):
        with ExitStack() as hold:
            try:
                hold.enter_context(runs.locked(folder, name))
            except runs.RunLockedError as error:
                refused = refused or error
                continue
            if name in store.unfinished(workflow):  # its runner may have ended just now
                stack.push(hold.pop_all())
                return store.run(name)
    raise refused or _nothing_unfinished(wishes, workflow)


def _nothing_unfinished(wishes: Wishes, workflow: str) -> InputError:
    return InputError(
        f"--resume: no run of {workflow} in {wishes.state} is unfinished;"
        " leave --resume out to start a new one"
    )


def _changed(written: Written, record: RunRecord) -> bool:
    """Say whether the file of today is another definition than the run's, or none at all."""
    try:
        return record.spec != _as_stored(written.workflow().spec)
    except InputError:
        return True


def _as_stored(spec: WorkflowSpec) -> str:
    """Write a definition so that it is read back as the same, defaults left open."""
    return spec.model_dump_json(by_alias=True, exclude_unset=True)


def _same(wishes: Wishes, record: RunRecord, spec: WorkflowSpec) -> None:
    """Refuse other values than the run began with; none given means those."""
    wrong = []
    if wishes.params and given.params(spec.params, wishes.params) != record.params:
        kept = ", ".join(f"{name}={value}" for name, value in record.params.items()) or "none"
        wrong.append(f"--param: run {record.key.name} keeps its own values ({kept})")
    logical_time = given.instant(wishes.logical_time)
    if logical_time not in (None, record.logical_time):
        kept = record.logical_time.isoformat() if record.logical_time else "none"
        wrong.append(f"--logical-time: run {record.key.name} keeps its own ({kept})")
    if wrong:
        raise InputError(*wrong)


def _notice(launcher: Launcher, spec: WorkflowSpec) -> None:
    for notice in launcher.notices(spec):
        note(notice)


def _launcher(wishes: Wishes, home: Path) -> Launcher:
    """Choose what tasks run in."""
    engines = containers.ENGINES if wishes.runner == AUTO else (wishes.runner,)
    if wishes.runner != PROCESS:
        for engine in engines:
            program = containers.find(engine)
            if program is not None:
                return containers.ContainerLauncher(program, home, os.environ)
        if wishes.runner != AUTO:
            raise InputError(f"--runner {wishes.runner}: {_no_engine(wishes.runner)}")
    return ProcessLauncher(given.interpreter(wishes.python), home, os.environ)


def _no_engine(engine: str) -> str:
    """Say why an engine cannot be used."""
    if shutil.which(engine) is None:
        return f"there is no {engine} on this machine; install it, or use --runner {PROCESS}"
    return f"`{engine} info` does not answer on this machine; start it, or use --runner {PROCESS}"
