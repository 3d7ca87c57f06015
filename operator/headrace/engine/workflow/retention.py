"""
The retention of runs and revisions of a workflow.

Knows ages and counts. Does not know the content of runs.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from headrace.api.v1alpha1.workflow import History

WITHOUT_WORKFLOW = History(successful_runs=1000, failed_runs=1000, ttl_seconds_after_finished=3600)
"""The history of runs without a workflow: all are kept for an hour after their end."""


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """A run that has ended."""

    name: str
    finished: datetime
    succeeded: bool
    needed: bool = False
    """Whether the run is the only proof of a fact, or another run repeats it: then it stays."""
    shown_until: datetime | None = None
    """Until when it stays for those who follow, who repeat its delivery, and for the archive; None:
    for nobody."""

    def stays(self, now: datetime) -> bool:
        """Return whether the run stays whatever the history says."""
        return self.needed or (self.shown_until is not None and now < self.shown_until)


def expired_runs(runs: Sequence[FinishedRun], history: History, now: datetime) -> tuple[str, ...]:
    """Return the runs to delete, oldest first."""
    return tuple(run.name for run in _beyond(runs, history, now) if not run.stays(now))


def _beyond(runs: Sequence[FinishedRun], history: History, now: datetime) -> Iterator[FinishedRun]:
    """Yield the runs that the history does not keep, oldest first."""
    newest_first = sorted(runs, key=lambda run: (run.finished, run.name), reverse=True)
    good = [run for run in newest_first if run.succeeded]
    bad = [run for run in newest_first if not run.succeeded]
    beyond = {run.name for run in (*good[history.successful_runs :], *bad[history.failed_runs :])}
    ttl = history.ttl_seconds_after_finished
    if ttl is not None:
        beyond |= {run.name for run in runs if now >= run.finished + timedelta(seconds=ttl)}
    return (run for run in reversed(newest_first) if run.name in beyond)


def next_expiry(runs: Sequence[FinishedRun], history: History, now: datetime) -> datetime | None:
    """Return when the first of these runs is too old to be kept, or stays for nobody any more."""
    shown = (run.shown_until for run in _beyond(runs, history, now) if not run.needed)
    moments = [moment for moment in shown if moment is not None and moment > now]
    if history.ttl_seconds_after_finished is not None:
        ttl = timedelta(seconds=history.ttl_seconds_after_finished)
        moments += [
            max(run.finished + ttl, run.shown_until or run.finished)
            for run in runs
            if not run.needed
        ]
    return min(moments, default=None)


def unused_revisions(known: Iterable[str], used: Iterable[str]) -> tuple[str, ...]:
    """Return the revisions that neither the workflow nor a run refers to."""
    return tuple(sorted(set(known) - set(used)))
