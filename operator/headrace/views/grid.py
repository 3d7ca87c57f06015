"""
Runs and tasks of a workflow as a grid, and how long its runs usually take.

Knows runs, tasks and definitions. Knows no colours.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from statistics import quantiles
from typing import Final
from zoneinfo import ZoneInfo

from headrace.views.objects import Object, ended, instant, name, reason, text
from headrace.views.run_tasks import all_tasks
from headrace.views.summaries import run_row
from headrace.views.tones import Tone, tone
from headrace.views.workflow_rows import CellState, Day, Grid, Usual

FEWEST: Final = 5
"""So many runs must have succeeded before something is usual."""
_TENTHS: Final = 10
_NONE: Final = -1


def grid(
    runs: Sequence[Object],
    task_runs: Iterable[Object],
    definitions: Mapping[str, Object | None],
    *,
    more: bool,
) -> Grid:
    """
    Return the grid of some runs, which come newest first.

    Args:
        runs: Those to show.
        task_runs: Their TaskRuns, and perhaps others.
        definitions: Their pinned definitions, by the names of the runs.
        more: Whether there are older runs.

    """
    started: dict[str, list[Object]] = {name(run): [] for run in runs}
    for each in task_runs:
        started.get(text(each, "spec", "run"), []).append(each)
    tasks: dict[str, int] = {}
    states: dict[CellState, int] = {}
    columns: list[dict[str, int]] = []
    for run in runs:
        column = {}
        for task in all_tasks(run, started[name(run)], definitions.get(name(run))):
            called = text(task, "spec", "task")
            tasks.setdefault(called, len(tasks))
            state = CellState(reason(task), tone(task).value)
            column[called] = states.setdefault(state, len(states))
        columns.append(column)
    return Grid(
        tasks=list(tasks),
        runs=[run_row(run) for run in reversed(runs)],
        states=list(states),
        cells=[[column.get(task, _NONE) for task in tasks] for column in reversed(columns)],
        usual=usual(runs),
        more=more,
    )


def usual(runs: Iterable[Object]) -> Usual | None:
    """Return how long runs that succeeded took; None: too few have."""
    lengths = []
    for run in runs:
        begin, end = instant(run, "status", "startTime"), instant(run, "status", "completionTime")
        if begin is not None and end is not None and tone(run) is Tone.GOOD:
            lengths.append((end - begin).total_seconds())
    if len(lengths) < FEWEST:
        return None
    tenths = quantiles(lengths, n=_TENTHS, method="inclusive")
    return Usual(tenths[0], tenths[4], tenths[-1])


def days(runs: Iterable[Object], zone: ZoneInfo) -> list[Day]:
    """
    Return the days that have runs, oldest first.

    A run belongs to the day of its logical time; without one, to that of its creation.
    """
    by_day: dict[str, list[Object]] = {}
    for run in runs:
        at = _stands_for(run)
        if at is not None:
            by_day.setdefault(at.astimezone(zone).date().isoformat(), []).append(run)
    return [_day(date, by_day[date]) for date in sorted(by_day)]


def _stands_for(run: Object) -> datetime | None:
    return instant(run, "spec", "logicalTime") or instant(run, "metadata", "creationTimestamp")


def _day(date: str, runs: Sequence[Object]) -> Day:
    over = [tone(run) for run in runs if ended(run)]
    only = name(runs[0]) if len(runs) == 1 else ""
    good, bad, off = (over.count(mood) for mood in (Tone.GOOD, Tone.BAD, Tone.OFF))
    return Day(date, good, bad, off, len(runs) - len(over), only)
