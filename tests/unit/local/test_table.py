"""A run as a live table: `headrace.cli.table`."""

import asyncio
import errno
import os
import re
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from headrace.cli.table import LiveTable
from headrace.engine.definition.compile import Definition
from headrace.engine.outcome import Outcome
from headrace.engine.run.observed import ObservedRun, RunKey, RunLog
from headrace.engine.task.observed import ObservedTask
from support.builders import NOON, ended, exited, running, task, workflow

GOOD, BAD = ObservedTask(ended(Outcome.SUCCEEDED)), ObservedTask(sighting=exited(3))


def seen(definition: Definition, **tasks: ObservedTask) -> ObservedRun:
    key = RunKey("default", "etl-1")
    return ObservedRun(key, "uid", NOON, definition, tasks=tasks, log=RunLog(started=NOON))


def many(count: int) -> Definition:
    return workflow(*(task(f"task-{number}") for number in range(count)))


class Screen(StringIO):
    """What a terminal got."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn = asyncio.Event()

    def write(self, text: str) -> int:
        self.drawn.set()
        return super().write(text)


async def drawn(run: ObservedRun, *, width: int = 80, height: int = 25) -> tuple[str, str]:
    """Return what is on the screen while the run goes on, and what is left there when it ended."""
    screen = Screen()
    console = Console(
        width=width,
        height=height,
        force_terminal=True,
        record=True,
        color_system=None,
        file=screen,
    )
    with LiveTable(console) as table:
        console.export_text()
        screen.drawn.clear()
        table.show(run, NOON)
        await screen.drawn.wait()
        live = console.export_text()
    return live, console.export_text()


async def test_each_task_has_a_row() -> None:
    """Name, status, attempts, time and message, under a heading with the run."""
    live, last = await drawn(seen(many(2), **{"task-0": BAD, "task-1": GOOD}))

    for text in (live, last):
        assert "etl-1" in text
        assert "2/2" in text
        assert "task-0  NonZeroExit         1" in text
        assert "ended with exit code 3" in text
        assert "task-1  Succeeded" in text


async def test_a_small_screen_shows_what_matters() -> None:
    """Failed and running tasks come before those that are done; it is said how many more."""
    others = {f"task-{number}": GOOD for number in range(40)}
    run = seen(many(40), **{**others, "task-20": BAD, "task-30": ObservedTask(sighting=running())})

    live, last = await drawn(run, height=8)

    assert "task-20" in live
    assert "task-30" in live
    assert "… and 37 more" in live
    assert len(live.splitlines()) <= 8
    assert "task-39" in last


async def test_a_long_message_does_not_push_the_names_away() -> None:
    """Messages get the width that is left."""
    live, _ = await drawn(seen(many(1), **{"task-0": BAD}), width=60)

    assert "task-0  NonZeroExit" in live
    assert "…" in live
    assert all(len(line) <= 60 for line in live.splitlines())


@pytest.mark.parametrize("width", [40, 44, 50])
async def test_a_narrow_screen_keeps_what_matters(width: int) -> None:
    """Messages go first, then the ends of long names; never how a task stands."""
    name = "copy-all-of-the-warehouse"
    waits = workflow(task(name), task("load", name))

    live, _ = await drawn(seen(waits, **{name: BAD}), width=width)

    (line,) = (line for line in live.splitlines() if line.startswith("cop"))
    assert re.fullmatch(r"cop\S*…?  NonZeroExit\s+1\s+\S+s\s*", line)
    assert "DURATION" in live
    assert "MESSAGE" not in live
    assert all(len(line) <= width for line in live.splitlines())


async def test_the_run_is_told_with_its_logs_above_the_table(tmp_path: Path) -> None:
    """Somebody who waits can look into them."""
    console = Console(width=200, force_terminal=True, record=True, file=StringIO())

    with LiveTable(console) as table:
        table.open(seen(many(1)), NOON, tmp_path)

    assert f"run etl-1 goes on: 0 of 1 task has ended; logs in {tmp_path}" in console.export_text()


async def test_a_terminal_that_goes_away_does_not_end_the_run() -> None:
    """It was closed: SIGHUP says so, and what is drawn meanwhile has nowhere to go."""

    class Gone(StringIO):
        def write(self, _: str) -> int:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    with LiveTable(Console(width=80, force_terminal=True, file=Gone())) as table:
        table.show(seen(many(1)), NOON)
        table.say("cancelling")


async def test_text_of_a_task_is_no_markup() -> None:
    """What looks like a style in a message is shown as it is."""
    words = ended(Outcome.FAILED, message="[bold]x[/bold]")

    live, _ = await drawn(seen(many(1), **{"task-0": ObservedTask(words)}))

    assert "[bold]x[/bold]" in live
