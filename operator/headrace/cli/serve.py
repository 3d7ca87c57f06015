"""
`headrace serve`: the workflows of a folder on this machine, until somebody stops it.

Knows the options and signals. `headrace.local` and the engine decide what runs.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import click

from headrace.api.reading.problem import Problem
from headrace.cli.execution import server_options
from headrace.cli.input import InputError
from headrace.cli.machine import launcher_of, make_again, make_environments
from headrace.cli.manifest_folder import ManifestFolder
from headrace.cli.run import SUCCEEDED, WRONG_INPUT
from headrace.cli.serve_lines import ServeLines
from headrace.cli.streams import note
from headrace.cli.templates import Here
from headrace.cli.words import counted
from headrace.cli.workflow_file import WorkflowFile
from headrace.evaluation.evaluator import Evaluator
from headrace.local import recipes, runs
from headrace.local.crowd import Crowd
from headrace.local.folder import DEFAULT_STATE, StateFolder
from headrace.local.held import HeldError, hold, hold_folder
from headrace.local.inventory import COMMANDS, Inventory
from headrace.local.launcher import Launcher
from headrace.local.live_runs import LiveRuns
from headrace.local.news import Event
from headrace.local.served_pools import ServedPools
from headrace.local.server import Server
from headrace.local.serving import house
from headrace.local.signals import handling
from headrace.local.site import Site
from headrace.local.store import UnusableStateError
from headrace.local.workflow_store import WorkflowStore
from headrace.local.workplace import Workplace

FAILED: Final = 1
_STOP: Final = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class _Options:
    folder: Path
    state: Path | None
    max_parallel: int
    runner: str
    python: str
    as_json: bool


@click.command("serve")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@server_options
@click.option("--json", "as_json", is_flag=True, help="Print each event as a JSON object.")
def command(**options: Any) -> None:
    """
    Serve the workflows in the files of DIR on this machine: start runs when their triggers say so.

    Files are read again when they change. Runs and their logs are in DIR/.headrace, or in the
    folder that --state names: `headrace list --state` and the other commands see them there.

    The first SIGTERM or Ctrl-C stops the server, and running tasks go on: the next server takes
    them over. The second one kills them; they are tried again. SIGHUP reads all files again.

    Exit codes: 0 somebody stopped it, 1 the folder of state fails, 2 the input is wrong.
    """
    try:
        code = _serve(_Options(**options))
    except (InputError, UnusableStateError) as error:
        note(str(error))
        code = WRONG_INPUT
    sys.exit(code)


def _serve(options: _Options) -> int:
    home = options.folder.absolute()
    if not home.is_dir():
        raise InputError(f"{options.folder}: there is no such folder; name the folder of manifests")
    folder = StateFolder((options.state or home / DEFAULT_STATE).absolute())
    launcher = launcher_of(options.runner, options.python, home)
    runs.prepare(folder)
    with ExitStack() as stack:
        stack.enter_context(_held(options.folder, folder))
        store = stack.enter_context(WorkflowStore(folder.database))
        site = Site(home, folder, store, partial(datetime.now, UTC))
        _make_again(site)
        try:
            asyncio.run(_go(site, launcher, options))
        except UnusableStateError as error:
            note(str(error))
            return FAILED
    return SUCCEEDED


@contextmanager
def _held(shown: Path, folder: StateFolder) -> Iterator[None]:
    """Hold the folders of state and of manifests, so that no other server starts their runs."""
    with ExitStack() as stack:
        try:
            stack.enter_context(hold(folder.server_lock))
        except HeldError as error:
            raise InputError(
                f"{shown} is served by process {error} already; stop it with kill {error}, or serve"
                " another folder"
            ) from error
        try:
            stack.enter_context(hold_folder(shown))
        except HeldError as error:
            raise InputError(
                f"another server serves {shown}, with another --state: each would start all runs;"
                f" stop that one (fuser {shown} names it), or serve another folder"
            ) from error
        yield


def _make_again(site: Site) -> None:
    """Make the environments of the runs that go on, where somebody has deleted them."""
    records = (site.store.run(name) for _, name in site.store.to_carry())
    make_again(site.folder, [text for run in records for text in (run.spec, *run.called.values())])


async def _go(site: Site, launcher: Launcher, options: _Options) -> None:
    """Serve the folder until a signal comes."""
    say = ServeLines(site.clock, as_json=options.as_json).say
    files = ManifestFolder(
        site.home, partial(_problems, launcher, site.folder), Here(launcher.interpreter)
    )
    evaluator = Evaluator()
    inventory = Inventory(site.folder, site.store, COMMANDS)
    pools = ServedPools(site)
    crowd = Crowd(inventory, site.clock, options.max_parallel, pools.tell)
    workplace = Workplace(
        *(site.folder, site.store, launcher, evaluator.evaluate, options.max_parallel),
        neighbours=crowd,
    )
    server = house(site, inventory, pools, files, say)
    live = LiveRuns(site, crowd, server.news, workplace)
    server.runs = live
    with _listening(server, live, files):
        try:
            # Who reads it may send a signal at once.
            say(Event("Serving", f"serves {site.home} (process {os.getpid()})"))
            await server.serve()
            left = live.going_on
            words = f"; {counted(left, 'task')} still running" if left else ""
            say(Event("Stopping", f"starts nothing more{words}"))
            await live.leave()
        finally:
            await evaluator.close()
    say(Event("Stopped", "the next server takes over what still runs" if left else "bye"))


def _listening(
    server: Server, live: LiveRuns, files: ManifestFolder
) -> AbstractContextManager[None]:
    """Handle signals meanwhile."""
    asked = False

    def stop() -> None:
        nonlocal asked
        if asked:
            live.kill()
        asked = True
        server.stop()

    return handling({**dict.fromkeys(_STOP, stop), signal.SIGHUP: files.ask})


def _problems(launcher: Launcher, folder: StateFolder, workflow: WorkflowFile) -> Iterator[Problem]:
    """Yield what keeps a workflow from running on this machine."""
    make_environments(workflow.environments)
    recipes.keep(folder, workflow.environments)
    yield from launcher.problems(workflow.spec, workflow.definition)
