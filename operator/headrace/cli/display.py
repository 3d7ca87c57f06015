"""What people see while a run goes on: the interface of the table and of the plain lines."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from headrace.cli.words import counted, near
from headrace.engine.run.observed import ObservedRun


class Display(Protocol):
    """Shows a run. Entered in the event loop, left when the run has ended."""

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Show the last state, and end."""

    def open(self, run: ObservedRun, now: datetime, logs: Path) -> None:
        """Show the run before its first turn, and the folder of its logs."""

    def show(self, run: ObservedRun, now: datetime) -> None:
        """Show the run as it is now."""

    def say(self, text: str) -> None:
        """Show one sentence."""

    def ask(self, lines: Iterable[str]) -> None:
        """Show a question, and leave the terminal to whoever answers it, until `go_on`."""

    def go_on(self) -> None:
        """Show the run again, after a question."""


def opening(run: ObservedRun, logs: Path) -> str:
    """Return the first sentence on a run: its name, new or resumed, and the place of its logs."""
    count = len(run.definition.tasks) if run.definition else 0
    total = counted(count, "task")
    place = f"logs in {near(logs)}"
    if run.log.started is None and not run.tasks:
        return f"run {run.key.name}: {total}; {place}"
    ended = sum(seen.log.outcome is not None for seen in run.tasks.values())
    have = "has" if count == 1 else "have"
    return f"run {run.key.name} goes on: {ended} of {total} {have} ended; {place}"
