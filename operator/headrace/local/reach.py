"""The tools of this machine's carriers. Values only."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from headrace.engine.definition.work import ChildRun
from headrace.engine.task.actions import StartAttempt
from headrace.engine.task.observed import TaskLog
from headrace.local.attempt import LiveAttempt
from headrace.local.called_run import CalledWorld
from headrace.local.folder import StateFolder
from headrace.local.launcher import Launcher
from headrace.local.question import QuestionAttempt
from headrace.local.records import AttemptRecord, ItemQuestion, RunRecord


@dataclass(frozen=True, slots=True)
class Reach:
    """The tools of a carrier."""

    run: RunRecord
    folder: StateFolder
    launcher: Launcher
    on_forced_end: Callable[[LiveAttempt], None]
    """Stores why an attempt, or an item, is ended, before its end."""
    on_change: Callable[[], None]
    """Called when an attempt, or an item, has ended."""
    again: Callable[[AttemptRecord], StartAttempt[Any]]
    """Repeats the request for an attempt: it may still have items to start."""
    log_of: Callable[[str], TaskLog]
    """Returns the log of a task."""
    call: Callable[[StartAttempt[ChildRun], int | None], CalledWorld]
    """Creates the run that an attempt, or an item of it, calls, and returns its world."""
    find_called: Callable[[str, int], CalledWorld]
    """Returns the world of the run that an attempt of a task has called."""
    find_items: Callable[[str, int, int], Mapping[int, CalledWorld]]
    """Returns the worlds of the runs that items of an attempt have called."""
    on_asked: Callable[[AttemptRecord, Mapping[int, ItemQuestion]], None]
    """Stores that somebody is asked about items, before anybody is."""
    on_answer: Callable[[QuestionAttempt], None]
    """Stores an answer, before it counts."""
    no_wait: bool = False
    """Whether waits end at once."""
    pools: bool = False
    """Whether pools limit the programs."""
