"""
The tasks of a run for people: one row each.

Knows the engine's view of a run. Knows no terminal.
"""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from headrace.api.v1alpha1.reasons import Reason
from headrace.cli.words import one_line
from headrace.engine.definition.compile import TaskDefinition
from headrace.engine.definition.work import ChildRun, Program, Work, work_of_one
from headrace.engine.outcome import Outcome
from headrace.engine.run.claims import why_no_room
from headrace.engine.run.marks import message_of
from headrace.engine.run.observed import Mark, ObservedRun
from headrace.engine.run.steering import course
from headrace.engine.run.survey import Survey, survey
from headrace.engine.task.judgement import Judged
from headrace.engine.task.observed import EMPTY, TaskLog
from headrace.engine.task.verdict import Reuse, Start, Wait
from headrace.engine.text import duration, listed
from headrace.local.process import grace_seconds


class Tone(Enum):
    """The mood of a row, for its colour."""

    WAITING = "waiting"
    BUSY = "busy"
    TROUBLE = "trouble"
    """An attempt failed, and another follows."""
    GOOD = "good"
    BAD = "bad"
    OFF = "off"
    """The task ended and never ran."""


@dataclass(frozen=True, slots=True)
class Items:
    """How far the items of a task are."""

    ended: int
    """How many succeeded, or failed and will not run again."""
    total: int
    failed: int
    """How many failed last, whether they run again or not."""

    def __str__(self) -> str:
        """Write them as people read them: `37/40`."""
        return f"{self.ended}/{self.total}"


@dataclass(frozen=True, slots=True)
class Row:
    """The state of one task."""

    task: str
    tone: Tone
    status: str
    """One word: a reason of the published list, as `kubectl get taskruns` shows it."""
    attempts: int
    time: timedelta | None
    """Time since its start; None: it has not begun."""
    message: str
    """One line, harmless to a terminal."""
    allowed: bool = False
    """The task failed, and the run can still succeed."""
    ending: bool = False
    """The outcome is decided, but a process of the task still runs."""
    items: Items | None = None
    """None: the task has none, or they are not known yet."""

    @property
    def ended(self) -> bool:
        """Whether the row is final."""
        return self.tone in _ENDED


_ENDED = frozenset({Tone.GOOD, Tone.BAD, Tone.OFF})
_TONES = {
    Outcome.SUCCEEDED: Tone.GOOD,
    Outcome.FAILED: Tone.BAD,
    Outcome.CANCELLED: Tone.OFF,
    Outcome.OMITTED: Tone.OFF,
    Outcome.SKIPPED: Tone.OFF,
}

_ENDING = "ending, killed in at most {}"
_RUN_ENDING = "ending, with the `finally` tasks of its run"
_HERE = {
    "desiredState is Cancel": "you cancelled it",
    "desiredState is Terminate": "you ended it and its `finally` tasks",
}
"""Texts of the engine, in words for somebody at a terminal."""

_NAMED = 3
"""How many tasks a message names at most."""


def rows(run: ObservedRun, now: datetime) -> Iterator[Row]:
    """Yield one row for each task, in the order of the definition."""
    assert run.definition is not None  # noqa: S101 - it was compiled before the run began
    found = survey(run, run.definition, course(run, now), now)
    looks, slots = found.looks(), _slots(run, found)
    for name, task in run.definition.tasks.items():
        judged, mark = found.judged.get(name), found.mark(name)
        if judged is not None:
            yield _judged(name, judged, now)
        elif name in found.settled:
            yield _settled(task, run.tasks[name].log, found.settled[name])
        elif mark is not None:
            yield _marked(task, mark, message_of(mark, name, looks, run.definition))
        else:
            yield _row(name, Tone.WAITING, _why_waiting(slots, task, looks), EMPTY, None)


def length(time: timedelta) -> str:
    """Write a length of time; a quick task in tenths of a second."""
    return duration(time, tenths=True)


def here(message: str) -> str:
    """Return a message of the engine as one line, in words for somebody at a terminal."""
    for theirs, ours in _HERE.items():
        message = message.replace(theirs, ours)
    return one_line(message)


def _settled(task: TaskDefinition, log: TaskLog, outcome: Outcome) -> Row:
    row = _row(task.name, _TONES[outcome], (log.reason, log.message), log, None)
    return replace(row, allowed=_allowed(task, outcome))


def _marked(task: TaskDefinition, mark: Mark, message: str) -> Row:
    row = _row(task.name, _TONES[mark.outcome], (mark.reason, message), EMPTY, None)
    return replace(row, allowed=_allowed(task, mark.outcome))


def _slots(run: ObservedRun, found: Survey) -> Mapping[str, tuple[Reason, str]]:
    """Return why tasks wait that may start, by task: other tasks have the slots."""
    words = (Reason.WAITING_FOR_SLOT, found.slots.message if found.slots is not None else "")
    crowded_out = dict.fromkeys(found.crowded_out, words)
    if run.room is None:
        return crowded_out
    claims = run.room.claims
    return crowded_out | {name: why_no_room(run.room, claims[name]) for name in found.parked}


def _why_waiting(
    slots: Mapping[str, tuple[Reason, str]], task: TaskDefinition, ended: Container[str]
) -> tuple[Reason, str]:
    """Say why a task waits that needed no judgement."""
    open_ = [name for name in task.upstream if name not in ended]
    return slots.get(task.name) or (
        Reason.WAITING_FOR_UPSTREAM,
        f"waits for {listed(open_, _NAMED)}",
    )


def _judged(name: str, judged: Judged, now: datetime) -> Row:
    if _still_ending(judged):
        log = replace(judged.log, finished=None)
        ending = _ending(judged.task.work)
        row = _row(name, Tone.BUSY, (_words(judged, now)[0], ending), log, now)
        return replace(row, ending=True)
    row = _row(name, _tone(judged), _words(judged, now), judged.log, now)
    return replace(row, allowed=_allowed(judged.task, judged.outcome))


def _ending(work: Work) -> str:
    """Say how an attempt ends whose outcome is decided."""
    if isinstance(work_of_one(work), ChildRun):
        return _RUN_ENDING
    asked = work.body.termination_grace_period_seconds if isinstance(work, Program) else None
    return _ENDING.format(duration(timedelta(seconds=grace_seconds(asked))))


def _still_ending(judged: Judged) -> bool:
    """Return whether the outcome of a task is decided and its program still runs."""
    seen = judged.seen
    if seen is None or not seen.still_there:
        return False
    if judged.outcome is not None:
        return judged.outcome is not Outcome.SUCCEEDED
    is_open = judged.log.last is not None and judged.log.last.open
    return is_open and seen.sighting is not None and seen.sighting.leaving


def _allowed(task: TaskDefinition, outcome: Outcome | None) -> bool:
    return task.allow_failure and outcome is Outcome.FAILED


def _row(
    name: str, tone: Tone, words: tuple[Reason, str], log: TaskLog, now: datetime | None
) -> Row:
    reason, message = words
    end = log.finished or now
    time = end - log.started if log.started and end else None
    items = _items(log)
    if items is not None and items.failed and not message:
        message = f"{items.failed} failed"
    return Row(name, tone, str(reason), log.count, time, here(message), items=items)


def _items(log: TaskLog) -> Items | None:
    items = log.items
    if items is None:
        return None
    return Items(items.total - len(items.todo), items.total, len(items.unsuccessful))


def _words(judged: Judged, now: datetime) -> tuple[Reason, str]:
    verdict = judged.verdict
    if isinstance(verdict, Start | Reuse):
        return Reason.STARTING, ""
    if isinstance(verdict, Wait) and verdict.next_attempt is not None:
        again = length(verdict.next_attempt - now)
        return verdict.reason, f"again in {again}; {verdict.message}"
    if verdict.reason is Reason.WAITING_FOR_TIME and judged.seen is not None:
        due = judged.seen.sighting.due if judged.seen.sighting is not None else None
        if due is not None:
            return verdict.reason, f"{verdict.message}, in {length(due - now)}"
    return verdict.reason, verdict.message


def _tone(judged: Judged) -> Tone:
    if judged.outcome is not None:
        return _TONES[judged.outcome]
    last = judged.log.last
    if isinstance(judged.verdict, Start | Reuse) or (last is not None and last.open):
        return Tone.BUSY
    return Tone.TROUBLE if judged.log.count else Tone.WAITING
