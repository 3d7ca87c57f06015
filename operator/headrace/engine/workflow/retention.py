"""
The retention of runs and revisions of a workflow.

Knows ages and counts. Does not know the content of runs.
"""

from collections.abc import Iterable, Sequence
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


def expired_runs(runs: Sequence[FinishedRun], history: History, now: datetime) -> tuple[str, ...]:
    """Return the runs to delete, oldest first."""
    newest_first = sorted(runs, key=lambda run: (run.finished, run.name), reverse=True)
    good = [run for run in newest_first if run.succeeded]
    bad = [run for run in newest_first if not run.succeeded]
    beyond = {run.name for run in (*good[history.successful_runs :], *bad[history.failed_runs :])}
    ttl = history.ttl_seconds_after_finished
    if ttl is not None:
        beyond |= {run.name for run in runs if now >= run.finished + timedelta(seconds=ttl)}
    oldest_first = reversed(newest_first)
    return tuple(run.name for run in oldest_first if run.name in beyond and not run.needed)


def next_expiry(runs: Iterable[FinishedRun], history: History) -> datetime | None:
    """Return when the first of these runs is too old to be kept."""
    if history.ttl_seconds_after_finished is None:
        return None
    ttl = timedelta(seconds=history.ttl_seconds_after_finished)
    return min((run.finished + ttl for run in runs if not run.needed), default=None)


def unused_revisions(known: Iterable[str], used: Iterable[str]) -> tuple[str, ...]:
    """Return the revisions that neither the workflow nor a run refers to."""
    return tuple(sorted(set(known) - set(used)))
