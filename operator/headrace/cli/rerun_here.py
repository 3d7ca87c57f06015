"""
The rerun of a run of this machine: its definition, its values, and the run itself.

The engine says which tasks are repeated, and why a run cannot be. Knows no option.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from headrace.api.v1alpha1.rerun import RerunOf, RerunRevision
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.cli import given
from headrace.cli.begin import CommandLine, HeldRun, ready
from headrace.cli.called import find_called
from headrace.cli.input import InputError
from headrace.cli.machine import launcher_of, make_environments
from headrace.cli.run import execute
from headrace.cli.streams import note
from headrace.cli.templates import Here
from headrace.cli.todays_file import files_beside
from headrace.cli.window.exits import WindowError
from headrace.cli.workflow_file import read_workflow
from headrace.engine.definition.compile import compile_workflow
from headrace.engine.run.observed import ObservedRun
from headrace.engine.run.rerun_check import source_problem, task_problem
from headrace.local import recipes, runs
from headrace.local.folder import StateFolder
from headrace.local.recorded import earlier_run
from headrace.local.records import RunRecord
from headrace.local.store import Store, UnusableStateError


def rerun_here(rerun_of: Mapping[str, Any], files: Sequence[Path], **options: Any) -> int:
    """
    Repeat a run of this machine; return the exit code.

    Args:
        rerun_of: What to repeat, as in a manifest.
        files: The files of today's definition, if somebody named them.
        options: How tasks run, and the parameters.

    Raises:
        WindowError: It cannot be.

    """
    asked = RerunOf.model_validate(rerun_of)
    run = Path(asked.name)
    line = CommandLine(file=run, others=(), name=None, resume=False, logical_time=None, **options)
    try:
        return execute(line, partial(_hold, asked, files))
    except (InputError, runs.RunLockedError, UnusableStateError) as error:
        raise WindowError(str(error)) from error


def _hold(
    asked: RerunOf,
    files: Sequence[Path],
    command_line: CommandLine,
    folder: StateFolder,
    stack: ExitStack,
) -> HeldRun:
    """Create the rerun, and hold it."""
    store = stack.enter_context(Store(folder.database))
    earlier = store.run(asked.name)
    if asked.revision is RerunRevision.LATEST:
        launcher = launcher_of(command_line.runner, command_line.python, Path(earlier.folder))
        earlier = _as_today(earlier, files, Here(launcher.interpreter), folder)
    record = _like(earlier, asked, command_line)
    _check(store, record, asked)
    held = ready(command_line, record, store)
    made = runs.create(folder, store, _request(record), datetime.now(UTC))
    stack.enter_context(runs.locked(folder, made.key.name))
    return replace(held, record=made)


def _as_today(
    earlier: RunRecord, files: Sequence[Path], here: Here, folder: StateFolder
) -> RunRecord:
    """Return the record of an earlier run with the definitions that the files have now."""
    file, *others = files or files_beside(earlier)
    workflow = read_workflow(file, f"{earlier.key.namespace}/{earlier.workflow}", here, others)
    called = find_called(workflow, others, here)
    for each in (workflow, *called.values()):
        make_environments(each.environments)
        recipes.keep(folder, each.environments)
    note(f"the definition of {earlier.workflow} is that of {file}")
    return replace(
        earlier,
        spec=workflow.stored,
        folder=str(file.absolute().parent),
        called={name: each.stored for name, each in called.items()},
    )


def _like(earlier: RunRecord, asked: RerunOf, command_line: CommandLine) -> RunRecord:
    """Return the record of an earlier run with what is asked for."""
    if earlier.caller is not None:
        raise InputError(
            f"a task of run {earlier.caller} has called run {earlier.key.name}; repeat that one"
        )
    spec = WorkflowSpec.model_validate_json(earlier.spec)
    names = {each.name for each in spec.params}
    known = {name: value for name, value in earlier.params.items() if name in names}
    declared = [
        each.model_copy(update={"default": known[each.name]}) if each.name in known else each
        for each in spec.params
    ]
    values = {**known, **given.params(declared, command_line.params)}
    time = earlier.logical_time or earlier.created
    cache = command_line.cache_mode
    return replace(earlier, params=values, logical_time=time, rerun_of=asked, cache=cache)


def _check(store: Store, record: RunRecord, asked: RerunOf) -> None:
    """Refuse a rerun as the engine would."""
    definition = compile_workflow(WorkflowSpec.model_validate_json(record.spec))
    run = ObservedRun(
        *(record.key, record.uid, record.created, definition),
        workflow=record.workflow,
        rerun=asked,
        source=earlier_run(store, record),
    )
    problem = source_problem(run, asked) or task_problem(run, asked, definition)
    if problem is not None:
        raise InputError(problem[1])


def _request(record: RunRecord) -> runs.Request:
    return runs.Request(
        namespace=record.key.namespace,
        workflow=record.workflow,
        spec=record.spec,
        folder=Path(record.folder),
        params=record.params,
        logical_time=record.logical_time,
        called=record.called,
        rerun_of=record.rerun_of,
        cache=record.cache,
    )
