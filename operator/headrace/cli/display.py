"""What a run tells people while it goes on: the form that the table and the plain lines share."""

from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

from headrace.engine.run import ObservedRun


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

    def show(self, run: ObservedRun, now: datetime) -> None:
        """Take the run as it is now."""

    def say(self, text: str) -> None:
        """Tell one sentence."""
