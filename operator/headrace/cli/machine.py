"""
What tasks run with on this machine: a launcher, and the environments of templates.

Knows which engines there are. Starts no task.
"""

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from headrace.cli import given
from headrace.cli.input import InputError
from headrace.cli.streams import note
from headrace.local import containers, recipes
from headrace.local.engines import AUTO, ENGINES, PROCESS
from headrace.local.environments import Environment, NoEnvironmentError, make
from headrace.local.folder import StateFolder
from headrace.local.launcher import Launcher, ProcessLauncher


def launcher_of(runner: str, python: str, home: Path) -> Launcher:
    """
    Choose where tasks run.

    Args:
        runner: `auto`, `process`, or an engine of containers.
        python: The interpreter or virtual environment of tasks that run as processes.
        home: The folder that tasks run in.

    Raises:
        InputError: There is no such engine or interpreter.

    """
    engines = ENGINES if runner == AUTO else (runner,)
    if runner != PROCESS:
        for engine in engines:
            program = containers.find(engine)
            if program is not None:
                return containers.ContainerLauncher(program, home, os.environ)
        if runner != AUTO:
            raise InputError(f"--runner {runner}: {_no_engine(runner)}")
    return ProcessLauncher(given.interpreter(python), home, os.environ)


def _no_engine(engine: str) -> str:
    """Say why an engine cannot be used."""
    if shutil.which(engine) is None:
        return f"there is no {engine} on this machine; install it, or use --runner {PROCESS}"
    return f"`{engine} info` does not answer on this machine; start it, or use --runner {PROCESS}"


def make_environments(environments: Mapping[str, Environment]) -> None:
    """
    Make what the programs of templates need, where it is not there yet.

    Raises:
        InputError: It cannot be made.

    """
    for uses, each in environments.items():
        _make(uses, each)


def make_again(folder: StateFolder, definitions: Iterable[str]) -> None:
    """
    Make the environments that definitions of runs name and that somebody has deleted.

    Args:
        folder: The folder of state.
        definitions: WorkflowSpecs as JSON.

    Raises:
        InputError: One cannot be made.

    """
    for uses, each in recipes.lacking(folder, definitions):
        _make(uses, each)


def _make(uses: str, wanted: Environment) -> None:
    try:
        make(wanted, uses, note)
    except NoEnvironmentError as error:
        raise InputError(f"template {uses}: its environment cannot be made: {error}") from error
