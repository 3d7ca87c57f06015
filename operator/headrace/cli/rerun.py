"""
`headrace rerun`: repeat a run of this machine, with what succeeded taken over.

Knows the options. The engine says which tasks are repeated, and why a run cannot be.
"""

import sys
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import click

from headrace.api.checks.similar import did_you_mean
from headrace.api.v1alpha1.rerun import RerunFrom, RerunOf
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.cli import given
from headrace.cli.begin import CommandLine, HeldRun, ready
from headrace.cli.execution import execution_options
from headrace.cli.input import InputError
from headrace.cli.run import WRONG_INPUT, execute
from headrace.cli.streams import note
from headrace.engine.definition.compile import compile_workflow
from headrace.engine.run.observed import ObservedRun
from headrace.engine.run.rerun_check import source_problem, task_problem
from headrace.local import runs
from headrace.local.earlier import earlier_run
from headrace.local.folder import StateFolder
from headrace.local.records import RunRecord
from headrace.local.store import Store, UnusableStateError

_WORDS: Final = {"failed": RerunFrom.FAILED, "all": RerunFrom.ALL}
_TASK: Final = "task/"
"""Before the name of a task that is named like one of the words."""


@click.command("rerun")
@click.argument("run")
@click.option(
    "--from",
    "start",
    metavar="failed|all|TASK",
    default="failed",
    show_default=True,
    help="What to repeat, with all that waits for it.",
)
@click.option(
    "--downstream-only", is_flag=True, help="Repeat what waits for TASK, and not TASK itself."
)
@click.option(
    "--param",
    "params",
    metavar="NAME=VALUE",
    multiple=True,
    help="Another value of a parameter. The others are those of RUN.",
)
@execution_options
def command(run: str, start: str, *, downstream_only: bool, **options: Any) -> None:
    """
    Repeat RUN, a run of this machine that has ended, with the definition that it had.

    Tasks that succeeded, and wait for no repeated task, keep their outputs.

    Exit codes: 0 the run succeeded, 1 it failed or was ended, 2 the input is wrong.
    """
    line = CommandLine(
        file=Path(run), others=(), name=None, resume=False, logical_time=None, **options
    )
    try:
        asked = _asked(run, start, downstream_only=downstream_only)
        code = execute(line, partial(_hold, asked))
    except (InputError, runs.RunLockedError, UnusableStateError) as error:
        note(str(error))
        code = WRONG_INPUT
    sys.exit(code)


def _asked(run: str, start: str, *, downstream_only: bool) -> RerunOf:
    """Return what to repeat."""
    if start in _WORDS:
        if downstream_only:
            raise InputError("--downstream-only: needs --from TASK; name the task")
        return RerunOf(name=run, from_=_WORDS[start])
    task = start.removeprefix(_TASK)
    return RerunOf(name=run, from_=RerunFrom.TASK, task=task, downstream_only=downstream_only)


def _hold(
    asked: RerunOf, command_line: CommandLine, folder: StateFolder, stack: ExitStack
) -> HeldRun:
    """Create the rerun, and hold it."""
    if not folder.database.exists():
        raise InputError(f"there are no runs in {command_line.state}; name the folder with --state")
    store = stack.enter_context(Store(folder.database))
    if not store.has_run(asked.name):
        cure = did_you_mean(asked.name, store.run_names()) or "headrace list --local shows them"
        raise InputError(f"there is no run {asked.name} in {command_line.state}; {cure}")
    earlier = store.run(asked.name)
    record = _like(earlier, asked, command_line)
    _check(store, record, asked)
    held = ready(command_line, record, store)
    made = runs.create(folder, store, _request(record), datetime.now(UTC))
    stack.enter_context(runs.locked(folder, made.key.name))
    return replace(held, record=made)


def _like(earlier: RunRecord, asked: RerunOf, command_line: CommandLine) -> RunRecord:
    """Return the record of an earlier run with what is asked for."""
    if earlier.caller is not None:
        raise InputError(
            f"a task of run {earlier.caller} has called run {earlier.key.name}; repeat that one"
        )
    spec = WorkflowSpec.model_validate_json(earlier.spec)
    known = earlier.params
    declared = [
        each.model_copy(update={"default": known[each.name]}) if each.name in known else each
        for each in spec.params
    ]
    values = {**known, **given.params(declared, command_line.params)}
    time = earlier.logical_time or earlier.created
    return replace(earlier, params=values, logical_time=time, rerun_of=asked)


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
    )
