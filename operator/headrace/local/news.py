"""
What happens in a served folder, as events for a log.

Knows words. Whoever has to look again because of an event is woken. Decides nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass

from headrace.api.checks.instants import write_time
from headrace.engine.run.observed import RunLog
from headrace.engine.text import time_taken
from headrace.engine.workflow.schedule import Note
from headrace.local.records import RunRecord


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, for a log."""

    kind: str
    """One word: a program can choose by it."""
    message: str
    workflow: str = ""
    run: str = ""


class News:
    """
    Tells what happens to workflows and runs.

    Args:
        say: Called with each event.
        began: Called with each run that has begun, or has to wait.
        ended: Called with each run that has ended.

    """

    def __init__(
        self,
        say: Callable[[Event], None],
        began: Callable[[RunRecord], None],
        ended: Callable[[RunRecord, RunLog], None],
    ) -> None:
        self._say = say
        self._began = began
        self._ended = ended

    def noted(self, workflow: str, note: Note) -> None:
        """Tell what a workflow has to say to people."""
        self._say(Event(note.reason.value, note.message, workflow))

    def run_began(self, run: RunRecord) -> None:
        """Tell that a run begins, or is taken over, and let its workflow count it."""
        time = run.logical_time
        words = f" for {write_time(time)}" if time is not None else ""
        self._say(Event("RunBegan", f"begins ({run.origin.trigger}{words})", *_names(run)))
        self._began(run)

    def run_waits(self, run: RunRecord, log: RunLog) -> None:
        """Tell that a run has to wait."""
        self._say(Event("RunWaits", f"waits: {log.message}", *_names(run)))
        self._began(run)

    def run_ended(self, run: RunRecord, log: RunLog) -> None:
        """Tell how a run has ended, and let its workflow and its followers see it."""
        taken = time_taken(log.started, log.finished)
        after = f" after {taken}" if taken else ""
        why = f": {log.message}" if log.message else ""
        self._say(Event("RunEnded", f"{log.reason}{after}{why}", *_names(run)))
        self._ended(run, log)

    def run_failed(self, run: str, error: Exception) -> None:
        """Tell that a turn of a run has failed."""
        self._say(Event("TurnFailed", f"is tried again: {words_of(error)}", run=run))

    def wanted(self, run: str, words: str) -> None:
        """Tell what somebody wants of a run."""
        self._say(Event("Steered", words, run=run))


def words_of(error: Exception) -> str:
    """Return an error in words; its name, if it has none."""
    return str(error) or type(error).__name__


def _names(run: RunRecord) -> tuple[str, str]:
    return run.workflow, run.key.name
