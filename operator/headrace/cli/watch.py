"""`headrace watch`: a run with its tasks, or all runs, as a live table."""

import json
import shutil
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import click

from headrace.cli.streams import tell
from headrace.cli.window.completion import names_of
from headrace.cli.window.exits import DONE, RUN_FAILED
from headrace.cli.window.finding import run_named
from headrace.cli.window.options import Window, windowed
from headrace.cli.window.output import JSON, TABLE, lines, painted, plain, table_lines
from headrace.cli.window.source import Choice, Source
from headrace.cli.words import harmless, one_line
from headrace.cluster.kinds import WORKFLOW_RUNS
from headrace.engine.text import and_more
from headrace.views.changes import Look, called, changed, look
from headrace.views.columns import RUNS, TASKS_OF_RUN, Column
from headrace.views.objects import Object, ended, message, name, reason, succeeded, text
from headrace.views.run_tasks import all_tasks
from headrace.views.table import rows, shown
from headrace.views.tones import tone

_OTHER_LINES: Final = 3
"""The lines of the heading, of "and N more", and of the cursor."""
_TOP, _CLEAR_LINE, _CLEAR_REST = "\x1b[H", "\x1b[K", "\x1b[J"
_OPEN, _CLOSE = "\x1b[?1049h\x1b[?25l\x1b[?7l", "\x1b[?7h\x1b[?25h\x1b[?1049l"
"""Another screen without cursor and without broken lines; and back."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """One look."""

    heading: str
    items: Sequence[Object]
    columns: Sequence[Column]
    run: Object | None = None
    """The run that is followed; None: all runs are."""
    definition: Object | None = None
    """Its pinned definition, which never changes; None: it is not known yet."""


@click.command("watch")
@click.argument("what", metavar="[RUN]", required=False, shell_complete=names_of(WORKFLOW_RUNS))
@click.option("-w", "--workflow", metavar="NAME", help="Only runs of this workflow.")
@click.option(
    "--every",
    type=click.FloatRange(min=0.2),
    default=1.0,
    show_default=True,
    help="Seconds between two looks.",
)
@click.option(
    "-o",
    "--output",
    "form",
    type=click.Choice([TABLE, JSON]),
    default=TABLE,
    help="json is each object that has changed, one a line.",
)
@windowed
def command(
    *, window: Window, what: str | None, workflow: str | None, every: float, form: str
) -> int:
    """
    Follow RUN with its tasks until its end, or all runs until Ctrl-C.

    At a terminal it is a table that stays; else it is a line for each change.
    """
    source = window.source()
    if form == TABLE and sys.stdout is not None and sys.stdout.isatty():
        return _draw(source, what, workflow, every)
    return _print(source, what, workflow, every, form)


def _look(source: Source, what: str | None, workflow: str | None, known: Object | None) -> _Frame:
    if what is None:
        fields = f"spec.workflow={workflow}" if workflow else ""
        items = source.listed(WORKFLOW_RUNS, Choice(fields=fields)).items
        newest = sorted(
            items, key=lambda item: text(item, "metadata", "creationTimestamp"), reverse=True
        )
        return _Frame("runs, newest first", newest, shown(RUNS, wide=False))
    run = run_named(source, what)
    definition = known or source.definition(run)
    tasks = all_tasks(run, source.tasks(name(run)), definition)
    progress, words = text(run, "status", "progress"), one_line(message(run))
    heading = f"{name(run)}  {painted(reason(run), tone(run))}  {progress}  {words}"
    return _Frame(heading, tasks, TASKS_OF_RUN, run, definition)


def _print(source: Source, what: str | None, workflow: str | None, every: float, form: str) -> int:
    """Print a line for each change."""
    before: Look = {}
    known: Object | None = None
    while True:
        frame = _look(source, what, workflow, known)
        known = frame.definition
        news = changed(frame.items, before)
        before = look(frame.items)
        if form == JSON:
            tell(json.dumps(plain(item), ensure_ascii=False) for item in news)
        else:
            lines(_line(item) for item in news)
        if frame.run is not None and ended(frame.run):
            return _end(frame.run, form)
        if sys.stdout is None:  # the reader has left
            return DONE
        time.sleep(every)


def _line(item: Object) -> str:
    words = one_line(message(item))
    state = painted(reason(item), tone(item))
    line = f"{datetime.now(UTC):%H:%M:%S}  {harmless(called(item))}  {state}"
    return f"{line}: {words}" if words else line


def _end(run: Object, form: str) -> int:
    if form == TABLE:
        words = f": {message(run)}" if message(run) else ""
        tell([f"run {name(run)}: {reason(run)}{words}"])
    return DONE if succeeded(run) else RUN_FAILED


def _draw(source: Source, what: str | None, workflow: str | None, every: float) -> int:
    """Draw a table again and again; leave the last one on the terminal."""
    known: Object | None = None
    with _screen():
        while True:
            frame = _look(source, what, workflow, known)
            known = frame.definition
            size = shutil.get_terminal_size()
            drawing = (f"{line}{_CLEAR_LINE}" for line in _fitting(frame, size.lines))
            sys.stdout.write(_TOP + "\n".join(drawing) + "\n" + _CLEAR_REST)
            sys.stdout.flush()
            if frame.run is not None and ended(frame.run):
                break
            time.sleep(every)
    lines(_table(frame))
    return _end(frame.run, TABLE)


@contextmanager
def _screen() -> Iterator[None]:
    sys.stdout.write(_OPEN)
    try:
        yield
    finally:
        sys.stdout.write(_CLOSE)
        sys.stdout.flush()


def _table(frame: _Frame) -> Iterable[str]:
    titles = [column.title for column in frame.columns]
    return table_lines(titles, rows(frame.items, frame.columns, datetime.now(UTC)))


def _fitting(frame: _Frame, height: int) -> list[str]:
    """Return the lines that fit on the screen."""
    table = list(_table(frame))
    room = max(2, height - _OTHER_LINES)
    more = [f"… {and_more(len(table) - room)}"] if len(table) > room else []
    return [frame.heading, *table[:room], *more]
