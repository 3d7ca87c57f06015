"""
A logical time that has runs already: whether it is passed over, or which of them is run again.

Knows the runs of one logical time: the run with its name, and reruns of it, whoever made them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from headrace.api.v1alpha1.backfill_words import Existing

_LONGEST_NAME = 63
_MARK = 8
"""How many characters of a rerun's name say which runs were there before it."""


@dataclass(frozen=True, slots=True)
class TickRun:
    """A run with the name of a logical time, or a rerun of such a run."""

    name: str
    uid: str
    ours: bool
    """Whether this backfill created it."""
    strange: bool = False
    """Whether it is of another workflow."""
    began: bool = True
    """False: it is a rerun that took nothing over, so it cannot be repeated itself."""
    finished: datetime | None = None
    succeeded: bool = False
    cancelling: bool = False


def passed_over(tick: str, runs: Sequence[TickRun], existing: Existing) -> bool:
    """
    Return whether a logical time gets no run.

    A run that goes on is never run again: it may succeed yet. A name that a run of another workflow
    has taken stays taken.

    Args:
        tick: The name of the run of the logical time.
        runs: Its runs, oldest first. None is of this backfill.
        existing: What somebody asked for.

    """
    if not runs:
        return False
    if existing is Existing.SKIP or any(run.strange or run.finished is None for run in runs):
        return True
    if existing is Existing.RERUN_FAILED and any(run.succeeded for run in runs):
        return True
    return _repeatable(runs) is None and any(run.name == tick for run in runs)


def rerun(tick: str, runs: Sequence[TickRun]) -> tuple[str, str] | None:
    """
    Return the name of a rerun and of the run that it repeats; None: the tick runs anew.

    The name is made of the uids of the runs that are there: whoever sees the same runs creates the
    same object, and after another rerun it is another name.

    Args:
        tick: The name of the run of the logical time.
        runs: Its runs, oldest first; not passed over.

    """
    source = _repeatable(runs)
    if source is None:
        return None
    mark = sha256("\n".join(run.uid for run in runs).encode()).hexdigest()[:_MARK]
    workflow, _, minutes = tick.rpartition("-")
    rest = f"-{minutes}-{mark}"
    name = f"{workflow[: _LONGEST_NAME - len(rest)].rstrip('-.')}{rest}"
    return name, source.name


def _repeatable(runs: Sequence[TickRun]) -> TickRun | None:
    """Return the newest run that can be repeated: it has the results of those before it."""
    return next((run for run in reversed(runs) if run.began), None)
