"""
`headrace run`: a workflow on this machine, from its file to an exit code.

Knows the options and the output. `headrace.local` and the engine decide how a run goes on.
"""

import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import click

from headrace.cli.ask import Asker
from headrace.cli.begin import CommandLine, HeldRun, begin
from headrace.cli.display import Display
from headrace.cli.execution import execution_options
from headrace.cli.input import InputError
from headrace.cli.lines import Lines
from headrace.cli.streams import note, tell
from headrace.cli.summary import summary
from headrace.engine.run.observed import ObservedRun
from headrace.evaluation.evaluator import Evaluator
from headrace.local import runs
from headrace.local.folder import StateFolder
from headrace.local.history import forget
from headrace.local.questions import Questions
from headrace.local.runner import run_to_end
from headrace.local.store import Store, UnusableStateError
from headrace.local.workplace import Workplace
from headrace.local.world import LocalWorld

SUCCEEDED: Final = 0
FAILED: Final = 1
WRONG_INPUT: Final = 2


@click.command("run")
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("others", type=click.Path(path_type=Path), nargs=-1)
@click.option("--param", "params", metavar="NAME=VALUE", multiple=True, help="A parameter's value.")
@click.option("--resume", is_flag=True, help="Continue the last unfinished run.")
@click.option(
    "--logical-time", metavar="TIME", help="The instant that the run stands for. Default: now."
)
@click.option(
    "--name",
    metavar="WORKFLOW",
    help="Which workflow, if the file holds several: its name, or namespace/name.",
)
@execution_options
def command(**options: Any) -> None:
    """
    Run the workflow in FILE (- is standard input) on this machine.

    OTHERS are further files with workflows that it calls.

    Exit codes: 0 the run succeeded, 1 it failed or was ended, 2 the input is wrong.
    """
    try:
        code = execute(CommandLine(**options))
    except (InputError, runs.RunLockedError, UnusableStateError) as error:
        note(str(error))
        code = WRONG_INPUT
    sys.exit(code)


Hold = Callable[[CommandLine, StateFolder, ExitStack], HeldRun]
"""Returns a run that this process holds."""


def execute(command_line: CommandLine, hold: Hold = begin) -> int:
    """
    Run a workflow; return the exit code.

    Args:
        command_line: The options and arguments.
        hold: Creates or finds the run.

    Raises:
        InputError, RunLockedError, UnusableStateError: No run could begin; the text says why.

    """
    folder = StateFolder(command_line.state.absolute())
    with ExitStack() as stack:
        held = hold(command_line, folder, stack)
        try:
            run = asyncio.run(_go(held, folder, command_line))
        except UnusableStateError as error:
            note(f"{error}; --resume continues run {held.record.key.name}")
            return FAILED
        now = datetime.now(UTC)
        tell(summary(run, folder, now))
        if run.log.finished is not None:
            _forget(folder, held.store, run, now)
    return SUCCEEDED if run.log.succeeded else FAILED


def _forget(folder: StateFolder, store: Store, run: ObservedRun, now: datetime) -> None:
    """Remove old runs. An error here does not change the exit code."""
    try:
        forget(folder, store, run, now)
    except UnusableStateError as error:
        note(str(error))


async def _go(held: HeldRun, folder: StateFolder, command_line: CommandLine) -> ObservedRun:
    evaluator = Evaluator()
    workplace = Workplace(
        *(folder, held.store, held.launcher, evaluator.evaluate),
        *(command_line.max_parallel, command_line.no_wait),
    )
    # The desired state of a run may have changed until we held its lock.
    record = workplace.store.run(held.record.key.name)
    world = LocalWorld(record, held.definition, workplace)
    try:
        with _display(plain=command_line.plain) as display:
            logs = folder.run(record.key.name)
            # Who reads it may press Ctrl-C at once: signals must be heard before.
            opened = partial(display.open, world.snapshot(), datetime.now(UTC), logs)
            questions = Questions(world.calls.worlds, world.calls.changed.set)
            asker = Asker(questions, display, held.answers, command_line.to_resume)
            shown = partial(_shown, display, asker)
            try:
                await run_to_end(world, held.store, shown, display.say, opened)
            finally:
                asker.close()
    finally:
        await evaluator.close()
    return world.snapshot()


def _shown(display: Display, asker: Asker, run: ObservedRun, now: datetime) -> bool:
    """Show a run, and ask its questions; return whether nobody here can answer them."""
    display.show(run, now)
    return asker.look()


def _display(*, plain: bool) -> Display:
    """Choose a table if standard output is a terminal, else lines."""
    if plain or sys.stdout is None or not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":
        return Lines(sys.stdout)
    from rich.console import Console  # noqa: PLC0415 - slow to load, and often not needed

    from headrace.cli.table import LiveTable  # noqa: PLC0415 - the same

    return LiveTable(Console())
