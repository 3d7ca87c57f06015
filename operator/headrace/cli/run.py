"""
`headrace run`: a workflow on this machine, from its file to an exit code.

Knows what can be typed and what is shown. How a run goes on is `headrace.local`'s and the engine's.
"""

import asyncio
import os
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from headrace.cli.begin import AUTO, PROCESS, Begun, Wishes, begin
from headrace.cli.display import Display
from headrace.cli.input import InputError
from headrace.cli.lines import Lines
from headrace.cli.summary import summary
from headrace.cli.workflow_file import read_workflow
from headrace.engine.run import ObservedRun
from headrace.local import runs
from headrace.local.containers import ENGINES
from headrace.local.folder import StateFolder
from headrace.local.history import forget
from headrace.local.runner import run_to_end
from headrace.local.store import Store, UnusableStateError
from headrace.local.world import LocalWorld, Means

SUCCEEDED: Final = 0
FAILED: Final = 1
WRONG_INPUT: Final = 2

_SLOTS_PER_CORE: Final = 4
"""Tasks wait for data more than they compute."""


@click.command("run")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--param", "params", metavar="NAME=VALUE", multiple=True, help="A parameter's value.")
@click.option("--resume", is_flag=True, help="Go on with the last run that was left unfinished.")
@click.option("--logical-time", metavar="TIME", help="What instant it stands for. Default: now.")
@click.option("--name", metavar="WORKFLOW", help="Which workflow, if the file holds several.")
@click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".headrace"),
    show_default=True,
    help="The folder for logs, outputs and what --resume needs.",
)
@click.option(
    "--max-parallel",
    type=click.IntRange(min=1),
    default=_SLOTS_PER_CORE * (os.cpu_count() or 1),
    help=f"How many tasks run at once. Default: {_SLOTS_PER_CORE} for each core.",
)
@click.option(
    "--runner",
    type=click.Choice([AUTO, PROCESS, *ENGINES]),
    default=AUTO,
    show_default=True,
    help="What tasks run in. auto: podman or docker if one works here, else processes.",
)
@click.option(
    "--python",
    default=sys.executable,
    metavar="PATH",
    help="Interpreter or virtual environment for tasks that are processes. Default: this one.",
)
@click.option("--plain", is_flag=True, help="Print lines instead of a table.")
def command(**options: Any) -> None:
    """
    Run the workflow in FILE on this machine.

    Exit codes: 0 it succeeded, 1 it failed or was ended, 2 the input is wrong.
    """
    try:
        code = execute(Wishes(**options))
    except (InputError, runs.RunLockedError, UnusableStateError) as error:
        click.echo(str(error), err=True)
        code = WRONG_INPUT
    sys.exit(code)


def execute(wishes: Wishes) -> int:
    """
    Run a workflow; return the exit code.

    Raises:
        InputError, RunLockedError, UnusableStateError: if nothing could begin; the text says why.

    """
    file = read_workflow(wishes.file, wishes.name)
    folder = StateFolder(wishes.state.absolute())
    runs.prepare(folder)
    with ExitStack() as stack:
        store = stack.enter_context(Store(folder.database))
        begun = begin(wishes, file, folder, store)
        stack.enter_context(runs.locked(folder, begun.record.key.name))
        means = Means(folder, store, begun.launcher, wishes.max_parallel)
        try:
            run = asyncio.run(_go(begun, means, plain=wishes.plain))
        except UnusableStateError as error:
            click.echo(f"{error}; --resume goes on with run {begun.record.key.name}", err=True)
            return FAILED
        now = datetime.now(UTC)
        _print(summary(run, folder, now))
        if run.log.finished is not None:
            forget(folder, store, run, now)
    return SUCCEEDED if run.log.succeeded else FAILED


async def _go(begun: Begun, means: Means, *, plain: bool) -> ObservedRun:
    # What is wanted of a run may have changed until its lock was held.
    record = means.store.run(begun.record.key.name)
    world = LocalWorld(record, begun.definition, means)
    with _display(plain=plain) as display:
        await run_to_end(record.key, world, display.show, display.say)
    return world.snapshot()


def _display(*, plain: bool) -> Display:
    """Choose a table where somebody sees it."""
    if plain or not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":
        return Lines(sys.stdout)
    from rich.console import Console  # noqa: PLC0415 - slow to load, and often not needed

    from headrace.cli.table import LiveTable  # noqa: PLC0415 - the same

    return LiveTable(Console())


def _print(lines: Iterable[str]) -> None:
    """Print the last words; that nobody reads them changes no outcome."""
    try:
        for line in lines:
            click.echo(line)
    except BrokenPipeError:
        sys.stdout = None
