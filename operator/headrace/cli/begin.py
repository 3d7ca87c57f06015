"""
From a command line to a run that can start: a new run, or the last unfinished one.

Knows the checks before a start. Starts nothing.
"""

import shlex
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from headrace.api.checks.instants import write_time
from headrace.api.v1alpha1.cache import CacheMode
from headrace.api.v1alpha1.run import DesiredState
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.cli import given
from headrace.cli.ask import answers_ahead
from headrace.cli.cache_option import mode_of
from headrace.cli.called import find_called
from headrace.cli.input import InputError
from headrace.cli.machine import launcher_of, make_again, make_environments
from headrace.cli.streams import note
from headrace.cli.templates import Here
from headrace.cli.workflow_file import FileObject, find_workflow, read_workflow, templates_of
from headrace.engine.definition.compile import Definition, compile_workflow
from headrace.engine.definition.problems import InvalidDefinitionError
from headrace.local import held, recipes, runs
from headrace.local.engines import AUTO
from headrace.local.folder import DEFAULT_STATE, StateFolder
from headrace.local.launcher import Launcher
from headrace.local.records import RunRecord
from headrace.local.store import Store


@dataclass(frozen=True, slots=True)
class CommandLine:
    """The options and arguments of `headrace run`."""

    file: Path
    others: tuple[Path, ...]
    """Further files with workflows that the workflow calls."""
    name: str | None
    params: tuple[str, ...]
    resume: bool
    logical_time: str | None
    state: Path
    max_parallel: int
    runner: str
    python: str
    plain: bool
    no_wait: bool = False
    approve: tuple[str, ...] = ()
    cache: str | None = None

    @property
    def cache_mode(self) -> CacheMode | None:
        """What the run does with the caches of its tasks; None: what is usual."""
        mode = mode_of(self.cache)
        return None if mode is None else CacheMode(mode)

    @property
    def to_resume(self) -> str:
        """What to type to continue the run: also which run it is, and where its tasks run."""
        chosen = {
            "--name": self.name,
            "--state": None if self.state == DEFAULT_STATE else str(self.state),
            "--runner": None if self.runner == AUTO else self.runner,
            "--python": None if self.python == sys.executable else self.python,
        }
        options = [word for name, value in chosen.items() if value for word in (name, value)]
        if self.no_wait:
            options.append("--no-wait")
        files = map(str, (self.file, *self.others))
        return shlex.join(["headrace", "run", *files, *options, "--resume"])


@dataclass(frozen=True, slots=True)
class HeldRun:
    """A run that this process holds, with all that its world needs besides the folder of state."""

    record: RunRecord
    definition: Definition
    launcher: Launcher
    store: Store
    answers: Mapping[str, str]
    """Answers to questions from the command line, by task."""


def begin(command_line: CommandLine, folder: StateFolder, stack: ExitStack) -> HeldRun:
    """
    Create a new run, or find the one to continue; open the store and hold the run.

    Args:
        command_line: The options and arguments.
        folder: The folder of state. It is created only when no check forbids a new run.
        stack: Closes the store, and releases the run.

    Raises:
        InputError: The workflow cannot run here; the error has all problems.
        RunLockedError: Another process holds the run to continue.
        UnusableStateError: The folder of state cannot be used.

    """
    hold = _resumed if command_line.resume else _new
    return hold(command_line, folder, stack)


def _new(command_line: CommandLine, folder: StateFolder, stack: ExitStack) -> HeldRun:
    home = command_line.file.absolute().parent
    launcher = launcher_of(command_line.runner, command_line.python, home)
    here = Here(launcher.interpreter)
    file = read_workflow(command_line.file, command_line.name, here, command_line.others)
    values = given.params(file.spec.params, command_line.params)
    logical_time = given.instant(command_line.logical_time)
    called = find_called(file, command_line.others, here)
    definitions = [each.definition for each in (file, *called.values())]
    answers = answers_ahead(definitions, command_line.approve)
    for each in (file, *called.values()):
        make_environments(each.environments)
        problems = list(launcher.problems(each.spec, each.definition))
        if problems:
            raise each.wrong(problems)
        _notice(launcher, each.spec)
    runs.prepare(folder)
    for each in (file, *called.values()):
        recipes.keep(folder, each.environments)
    store = stack.enter_context(Store(folder.database))
    _mention_unfinished(folder, store, file.name)
    request = runs.Request(
        namespace=file.namespace,
        workflow=file.name,
        spec=file.stored,
        folder=home,
        params=values,
        logical_time=logical_time,
        called={name: each.stored for name, each in called.items()},
        cache=command_line.cache_mode,
    )
    record = runs.create(folder, store, request, datetime.now(UTC))
    stack.enter_context(runs.locked(folder, record.key.name))
    return HeldRun(record, file.definition, launcher, store, answers)


def _unfinished(folder: StateFolder, store: Store, workflow: str) -> list[str]:
    """Return the runs that `--resume` can continue, newest first: those that have their files."""
    return [name for name in store.unfinished(workflow) if folder.run(name).is_dir()]


def _mention_unfinished(folder: StateFolder, store: Store, workflow: str) -> None:
    """Mention other runs of a workflow: the newest one that still runs, the newest unfinished."""
    mentioned = set()
    for name in _unfinished(folder, store, workflow):
        holder = held.holder(folder, name)
        if holder is not None and "held" not in mentioned:
            note(f"run {name} is still running (process {holder})")
        elif holder is None and "left" not in mentioned:
            note(f"run {name} is unfinished; --resume continues it")
        mentioned.add("left" if holder is None else "held")


def _resumed(command_line: CommandLine, folder: StateFolder, stack: ExitStack) -> HeldRun:
    written = find_workflow(command_line.file, command_line.name)
    workflow = written.name
    if not workflow:
        raise InputError(f"{command_line.file}: the workflow in this file has no name; give it one")
    if not folder.database.exists():
        raise _nothing_unfinished(command_line, workflow)
    store = stack.enter_context(Store(folder.database))
    record = _newest_free(command_line, workflow, folder, store, stack)
    name = record.key.name
    spec = WorkflowSpec.model_validate_json(record.spec)
    _same(command_line, record, spec)
    held = ready(command_line, record, store)
    here = written.among(templates_of(command_line.others), Here(held.launcher.interpreter))
    if _changed(here, record):
        note(
            f"{command_line.file} has changed since run {name} began; the run keeps its definition"
        )
    if record.desired is DesiredState.CANCEL:
        note(f"run {name} is still being cancelled; Ctrl-C ends its `finally` tasks too")
    if record.desired is DesiredState.TERMINATE:
        note(f"run {name} is still being ended")
    return held


def ready(command_line: CommandLine, record: RunRecord, store: Store) -> HeldRun:
    """
    Return a run with its pinned definition and all that its world needs.

    Raises:
        InputError: It cannot run here.

    """
    name, spec = record.key.name, WorkflowSpec.model_validate_json(record.spec)
    try:
        definition = compile_workflow(spec)
    except InvalidDefinitionError as error:  # An earlier version of headrace accepted it.
        raise InputError(*(f"run {name}: {problem}" for problem in error.problems)) from error
    launcher = launcher_of(command_line.runner, command_line.python, Path(record.folder))
    make_again(StateFolder(command_line.state.absolute()), (record.spec, *record.called.values()))
    problems = list(launcher.problems(spec, definition))
    if problems:
        # The problems are in the run's pinned definition: the file may have other lines today.
        raise InputError(*(f"run {name}: {problem}" for problem in problems))
    _notice(launcher, spec)
    called = (WorkflowSpec.model_validate_json(each) for each in record.called.values())
    definitions = [definition, *map(compile_workflow, called)]
    answers = answers_ahead(definitions, command_line.approve)
    return HeldRun(record, definition, launcher, store, answers)


def _newest_free(
    command_line: CommandLine, workflow: str, folder: StateFolder, store: Store, stack: ExitStack
) -> RunRecord:
    """Hold the newest unfinished run that nobody else holds."""
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
    raise refused or _nothing_unfinished(command_line, workflow)


def _nothing_unfinished(command_line: CommandLine, workflow: str) -> InputError:
    return InputError(
        f"--resume: no run of {workflow} in {command_line.state} is unfinished;"
        " leave --resume out to start a new one"
    )


def _changed(written: FileObject, record: RunRecord) -> bool:
    """Return whether the file differs from the run's definition today, or holds none."""
    try:
        return record.spec != written.workflow().stored
    except InputError:
        return True


def _same(command_line: CommandLine, record: RunRecord, spec: WorkflowSpec) -> None:
    """Refuse values that differ from the run's own. Without values, the run keeps its own."""
    wrong = []
    if command_line.params and given.params(spec.params, command_line.params) != record.params:
        kept = ", ".join(f"{name}={value}" for name, value in record.params.items()) or "none"
        wrong.append(f"--param: run {record.key.name} keeps its own values ({kept})")
    logical_time = given.instant(command_line.logical_time)
    if logical_time not in (None, record.logical_time):
        kept = write_time(record.logical_time) if record.logical_time else "none"
        wrong.append(f"--logical-time: run {record.key.name} keeps its own ({kept})")
    if command_line.cache_mode not in (None, record.cache):
        kept = record.cache.lower() if record.cache else "none"
        wrong.append(f"--cache: run {record.key.name} keeps its own ({kept})")
    if wrong:
        raise InputError(*wrong)


def _notice(launcher: Launcher, spec: WorkflowSpec) -> None:
    for notice in launcher.notices(spec):
        note(notice)
