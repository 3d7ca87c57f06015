"""
A run as a live table of its tasks, for a terminal.

Knows the width of words and the height of the screen. Imported only when needed, because it loads
rich.
"""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from headrace.cli.display import opening
from headrace.cli.rows import Row, Tone, length, rows
from headrace.cli.words import harmless
from headrace.engine.run.observed import ObservedRun
from headrace.engine.text import and_more

_STYLES: Final = {
    Tone.WAITING: "dim",
    Tone.BUSY: "cyan",
    Tone.TROUBLE: "yellow",
    Tone.GOOD: "green",
    Tone.BAD: "bold red",
    Tone.OFF: "dim",
}
_FIRST: Final = (Tone.BAD, Tone.TROUBLE, Tone.BUSY, Tone.WAITING, Tone.OFF, Tone.GOOD)
"""The order of rows if not all tasks fit on the screen, most important first."""

_FRAME_SECONDS: Final = 0.1
_TICK_SECONDS: Final = 1.0
_OTHER_LINES: Final = 5
"""The lines of the heading, of the table's head, of "and N more", and of the cursor."""
_MOST_ROWS: Final = 100
"""The most rows of the table that stays after the run."""

_GAP: Final = 2
_LEAST_MESSAGE: Final = 16
_LEAST_NAME: Final = 4


class LiveTable:
    """
    Draws the tasks again at each event, and once a second for the times.

    A terminal may go away (OSError); the run goes on without it.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False)
        self._run: ObservedRun | None = None
        self._next: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._asks = False

    def __enter__(self) -> Self:
        """Begin to draw."""
        with suppress(OSError):
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Draw the tasks a last time, also beyond the screen."""
        if self._next is not None:
            self._next.cancel()
        with suppress(OSError):
            if self._run is not None:
                self._live.update(self._drawing(self._run, whole=True))
            self._live.stop()

    def open(self, run: ObservedRun, now: datetime, logs: Path) -> None:  # noqa: ARG002 - times are drawn, not told
        """Print the run's name and the place of its logs above the table."""
        self.say(opening(run, logs))

    def show(self, run: ObservedRun, now: datetime) -> None:  # noqa: ARG002 - drawn a little later
        """Draw the run within one frame."""
        self._run = run
        self._draw_in(_FRAME_SECONDS)

    def say(self, text: str) -> None:
        """Print one sentence above the table."""
        with suppress(OSError):
            self._console.print(Text(harmless(text)))

    def ask(self, lines: Iterable[str]) -> None:
        """Print a question under the table. It stands still: else it would hide what is typed."""
        self._asks = True
        with suppress(OSError):
            self._live.stop()
            for line in lines:
                self._console.print(Text(harmless(line)))

    def go_on(self) -> None:
        """Draw the table again."""
        self._asks = False
        with suppress(OSError):
            self._live.start()
        self._draw_in(_FRAME_SECONDS)

    def _draw_in(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        when = loop.time() + seconds
        if self._next is not None:
            if self._due <= when:
                return
            self._next.cancel()
        self._due = when
        self._next = loop.call_at(when, self._draw)

    def _draw(self) -> None:
        self._next = None
        if self._run is None or self._asks:
            return
        with suppress(OSError):
            self._live.update(self._drawing(self._run), refresh=True)
        self._draw_in(_TICK_SECONDS)

    def _drawing(self, run: ObservedRun, *, whole: bool = False) -> Group:
        now = datetime.now(UTC)
        all_rows = list(rows(run, now))
        room = _MOST_ROWS if whole else max(3, self._console.height - _OTHER_LINES)
        shown = _fitting(all_rows, room)
        left_out = len(all_rows) - len(shown)
        more = [Text(f"… {and_more(left_out)}", style="dim")] if left_out else []
        return Group(_heading(run, all_rows, now), _table(shown, self._console.width), *more)


def _heading(run: ObservedRun, all_rows: Sequence[Row], now: datetime) -> Text:
    ended = sum(row.ended for row in all_rows)
    time = length((run.log.finished or now) - run.created)
    heading = Text(run.key.name, style="bold")
    heading.append(f"  {run.log.reason}  {ended}/{len(all_rows)}  {time}", style="none")
    return heading


def _fitting(all_rows: Sequence[Row], room: int) -> list[Row]:
    """Choose the most important rows, in the order of the definition."""
    if len(all_rows) <= room:
        return list(all_rows)
    wanted = sorted(all_rows, key=lambda row: _FIRST.index(row.tone))[:room]
    chosen = {row.task for row in wanted}
    return [row for row in all_rows if row.task in chosen]


def _table(shown: Sequence[Row], width: int) -> Table:
    """Draw rows. If there is too little room, messages are left out, then names are cut."""
    task, others = _widths(shown)
    room = width - task - others - _GAP
    with_messages = room >= _LEAST_MESSAGE
    names = task if with_messages else max(_LEAST_NAME, min(task, width - others))
    table = Table(box=None, pad_edge=False, show_edge=False, header_style="dim")
    table.add_column("TASK", no_wrap=True, max_width=names)
    table.add_column("STATUS", no_wrap=True, min_width=_status_width(shown))
    for head in ("ATTEMPTS", "DURATION"):
        table.add_column(head, justify="right", no_wrap=True, min_width=len(head))
    if with_messages:
        table.add_column("MESSAGE", no_wrap=True)
    for row in shown:
        cells: list[str | Text] = [
            _cut(row.task, names),
            Text(_status(row), style=_STYLES[row.tone]),
            str(row.attempts or ""),
            "" if row.time is None else length(row.time),
        ]
        table.add_row(*cells, *([_cut(row.message, room)] if with_messages else []))
    return table


def _cut(text: str, width: int) -> Text:
    cut = Text(text)
    cut.truncate(width, overflow="ellipsis")
    return cut


def _status(row: Row) -> str:
    if row.items is not None and not row.ended:
        return f"{row.status} {row.items}"
    return f"{row.status} (allowed)" if row.allowed else row.status


def _status_width(shown: Sequence[Row]) -> int:
    return max(len("STATUS"), *(len(_status(row)) for row in shown))


def _widths(shown: Sequence[Row]) -> tuple[int, int]:
    """Return the width of names, and the width of columns that never shrink, with gaps."""
    task = max(len("TASK"), *(len(row.task) for row in shown))
    return task, _status_width(shown) + len("ATTEMPTS") + len("DURATION") + 3 * _GAP
