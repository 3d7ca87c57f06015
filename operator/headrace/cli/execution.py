"""
The options of the commands that run tasks on this machine.

Knows options. Starts nothing.
"""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from headrace.cli.cache_option import cache_option
from headrace.local.engines import AUTO, ENGINES, PROCESS
from headrace.local.folder import DEFAULT_STATE

F = TypeVar("F", bound=Callable[..., Any])

_SLOTS_PER_CORE: Final = 4
"""More than one, because tasks wait for data more than they compute."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the tasks of several runs run, and how many at once."""

    state: Path
    max_parallel: int
    runner: str
    python: str
    no_wait: bool = False
    approve: tuple[str, ...] = ()
    """Answers to questions, as `task=choice`."""


class _Folder(click.Path):
    """A folder with a name: `--state "$UNSET"` must not mean the current folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the path."""
        if value == "":
            self.fail("it is empty; name a folder", param, ctx)
        return Path(os.fsdecode(super().convert(value, param, ctx)))


_PLACE: Final = (
    click.option(
        "--max-parallel",
        type=click.IntRange(min=1),
        default=_SLOTS_PER_CORE * (os.cpu_count() or 1),
        help="How many tasks run at once. Each item of a task with forEach counts. Default:"
        f" {_SLOTS_PER_CORE} for each core.",
    ),
    click.option(
        "--runner",
        type=click.Choice([AUTO, PROCESS, *ENGINES]),
        default=AUTO,
        show_default=True,
        help="Where tasks run. auto: podman or docker if one works here, else processes.",
    ),
    click.option(
        "--python",
        default=sys.executable,
        metavar="PATH",
        help="Interpreter or virtual environment of tasks that run as processes. Default: this"
        " one.",
    ),
)
"""Where tasks run, and how many."""

_STATE: Final = click.option(
    "--state",
    type=_Folder(file_okay=False, path_type=Path),
    default=DEFAULT_STATE,
    show_default=True,
    help="The folder for logs, outputs and what --resume needs.",
)

_SERVER_STATE: Final = click.option(
    "--state",
    type=_Folder(file_okay=False, path_type=Path),
    help="The folder for runs, logs and outputs. Default: .headrace in DIR.",
)

_NO_WAIT: Final = click.option(
    "--no-wait", is_flag=True, help="Leave out the time of tasks that only wait."
)


def _approve(otherwise: str) -> Callable[[F], F]:
    return click.option(
        "--approve",
        metavar="TASK=CHOICE",
        multiple=True,
        help=f"The answer to a task's question. Without one, {otherwise}.",
    )


_OPTIONS: Final = (
    *_PLACE,
    _NO_WAIT,
    _approve("the question is asked at the terminal"),
    click.option("--plain", is_flag=True, help="Print lines instead of a table."),
)


PLACE_NAMES: Final = ("max_parallel", "runner", "python", "no_wait", "approve")
"""What click calls the values of `place_options`."""

NAMES: Final = ("max_parallel", "runner", "python", "no_wait", "approve", "plain")
"""What click calls the values of `task_options`."""


def execution_options(command: F) -> F:
    """Add the options of how tasks run, and of where the folder of state is."""
    return _STATE(cache_option(task_options(command)))


def task_options(command: F) -> F:
    """Add the options of how the tasks of one run are carried out, in this order."""
    return _with(_OPTIONS, command)


def place_options(command: F) -> F:
    """Add the options of where the tasks of several runs run, and how, in this order."""
    told: Callable[[F], F] = _approve("headrace approve answers it, from another terminal")
    return _with((*_PLACE, _NO_WAIT, told), command)


def server_options(command: F) -> F:
    """Add the options of how the tasks of a server run, in this order."""
    return _with((_SERVER_STATE, *_PLACE), command)


def _with(options: Sequence[Callable[[F], F]], command: F) -> F:
    return reduce(lambda decorated, option: option(decorated), reversed(options), command)
