"""A run as a live table: `headrace.cli.table`."""

import asyncio
from io import StringIO

from rich.console import Console

from headrace.cli.table import LiveTable
from headrace.engine.definition import Definition
from headrace.engine.outcome import Outcome
from headrace.engine.run import ObservedRun, ObservedTask, RunKey, RunLog
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


async def test_text_of_a_task_is_no_markup() -> None:
    """What looks like a style in a message is shown as it is."""
    words = ended(Outcome.FAILED, message="[bold]x[/bold]")

    live, _ = await drawn(seen(many(1), **{"task-0": ObservedTask(words)}))

    assert "[bold]x[/bold]" in live
