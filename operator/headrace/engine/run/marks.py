"""
Marks: the tasks of a run that ended without a TaskRun, as ranges in the run's status.

Knows ends and positions. Judges no task: a task with a mark is never judged again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from headrace.engine import ranges
from headrace.engine.definition.compile import Definition
from headrace.engine.definition.run_when import omission, tally
from headrace.engine.outcome import Ended, Look, Outcome
from headrace.engine.run.observed import Mark, ObservedRun, RunLog
from headrace.engine.task.classify import KINDS, Kind
from headrace.engine.text import clip

MAX_WORDED = 20
"""How many marks keep a message."""

LIKE_OTHERS = "as for other tasks of this run; their message is in status.marks"
"""The message of a task whose own message has no room."""


def on_record(run: ObservedRun, definition: Definition) -> tuple[Mark, ...]:
    """
    Return the marks of a run.

    An older controller wrote none. It counted a task with a refused TaskRun as started, and only
    `attention` distinguished it from a task with a deleted TaskRun.
    """
    if run.log.marks is not None:
        return run.log.marks
    started = ranges.read(run.log.positions)
    marks: tuple[Mark, ...] = ()
    for watched in run.log.attention:
        task = definition.tasks.get(watched.task)
        refused = KINDS.get(watched.reason) is Kind.DEFINITION and watched.task not in run.deleted
        if refused and task is not None and task.position in started:
            end = Ended(Outcome.FAILED, watched.reason, watched.message)
            marks = with_ends(marks, {task.position: end}, watched.since)
    return marks


def by_mark(
    marks: Iterable[Mark], run: ObservedRun, definition: Definition
) -> dict[Mark, frozenset[str]]:
    """Return the tasks of each mark, except tasks that have a TaskRun."""
    names = definition.names
    everywhere = frozenset(range(len(names)))
    return {
        mark: frozenset(map(names.__getitem__, ranges.read(mark.positions) & everywhere))
        - run.tasks.keys()
        for mark in marks
    }


def with_ends(
    marks: tuple[Mark, ...], ends: Mapping[int, Ended], since: datetime | None
) -> tuple[Mark, ...]:
    """Record the ends of tasks, by position. Tasks with the same end share a mark."""
    found = {mark.end: mark for mark in marks}
    positions = {mark.end: set(ranges.read(mark.positions)) for mark in marks}
    for position, end in sorted(ends.items()):
        full = sum(bool(mark.message) for mark in found) >= MAX_WORDED
        if full and end.message and end not in found:
            end = replace(end, message=LIKE_OTHERS)  # noqa: PLW2901 - the same end, in other words
        found.setdefault(end, Mark(end.outcome, end.reason, end.message, since))
        positions.setdefault(end, set()).add(position)
    return tuple(
        replace(mark, positions=ranges.write(positions[end])) for end, mark in found.items()
    )


def failures(log: RunLog) -> list[Mark]:
    """Return the marks that nothing else can restore after a crash."""
    return [mark for mark in log.marks or () if mark.outcome is Outcome.FAILED]


def to_keep(name: str, end: Ended, looks: Mapping[str, Look], definition: Definition) -> Ended:
    """Return an end for a mark: without a message that can be derived again."""
    derived = message_of(Mark(end.outcome, end.reason), name, looks, definition)
    return replace(end, message="" if derived == end.message else clip(end.message))


def message_of(mark: Mark, name: str, looks: Mapping[str, Look], definition: Definition) -> str:
    """Return why a task ended: the recorded message, or one from the definition."""
    if mark.message:
        return mark.message
    task = definition.tasks[name]
    if mark.outcome is Outcome.SKIPPED:
        return task.expressions.skip_words
    end = omission(task.run_when, tally(task.upstream, looks))
    return end.message if end is not None else ""
