"""
The logical times of a backfill, with the names of their runs.

Knows the calendar and the spec. Does not know the current time, or any run.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from heapq import merge
from itertools import count, islice, takewhile
from typing import Protocol

from headrace.api.checks.instants import to_the_second
from headrace.api.v1alpha1.backfill_words import Step
from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.text import rfc3339
from headrace.engine.workflow.cron import INSTANT, Timing, previous_tick, ticks, zone
from headrace.engine.workflow.run_names import run_name
from headrace.engine.workflow.tick import Tick

Hindrance = tuple[Reason, str]
"""What keeps a backfill from going on, and the message with the cure."""

MOST = 10_000
"""How many logical times a backfill may have."""

LAST_DAY = 28
"""The last day that each month has."""

CALENDAR = frozenset({Step.DAY, Step.MONTH})
"""The steps that repeat a local time."""


class Span(Protocol):
    """The part of a Backfill's spec that says which logical times it has."""

    @property
    def workflow(self) -> str:
        """The workflow."""

    @property
    def from_(self) -> datetime:
        """The first instant that counts."""

    @property
    def to(self) -> datetime:
        """The last instant that counts."""

    @property
    def step(self) -> Step:
        """What is between two logical times."""

    @property
    def step_seconds(self) -> int | None:
        """The distance, with step Seconds."""

    @property
    def time_zone(self) -> str:
        """The zone of days and months."""


@dataclass(frozen=True, slots=True)
class _Calendar:
    """The schedule of a local time of each day or month."""

    cron: str
    time_zone: str
    every_seconds: None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The logical times of a backfill, oldest first; at least one."""

    ticks: tuple[Tick, ...]
    names: tuple[str, ...]
    """The names of their runs."""


def plan(spec: Span, schedules: tuple[Timing, ...]) -> Plan | Hindrance:
    """
    Return the logical times of a backfill, or why there are none.

    Args:
        spec: What somebody asked for.
        schedules: Those of the workflow, for step Schedule.

    """
    if spec.step is Step.SCHEDULE and not schedules:
        message = (
            f"spec.step: it is Schedule, and workflow {spec.workflow} has no schedule; use step"
            " Day, Month or Seconds in a new Backfill, or add a schedule to the workflow"
        )
        return Reason.NO_TICKS, message
    start, end = to_the_second(spec.from_), to_the_second(spec.to)
    if spec.step in CALENDAR:
        local = start.astimezone(zone(spec.time_zone))
        problem = calendar_problem(spec.step, local)
        if problem is not None:
            return Reason.NO_TICKS, problem
        schedules = (_calendar(spec, local),)
    seconds = spec.step_seconds if spec.step is Step.SECONDS else None
    return _planned(spec.workflow, (start, end), seconds, schedules)


def calendar_problem(step: Step, first: datetime) -> str | None:
    """
    Return the problem of the local time that a step of days or months repeats.

    Args:
        step: The step.
        first: The local time of `from`.

    """
    if first.second:
        return f"spec.from: step {step} repeats a whole minute; give {first:%H:%M}:00"
    if step is Step.MONTH and first.day > LAST_DAY:
        return f"spec.from: not each month has a day {first.day}; begin at a day up to {LAST_DAY}"
    return None


def _calendar(spec: Span, first: datetime) -> _Calendar:
    day = first.day if spec.step is Step.MONTH else "*"
    return _Calendar(f"{first.minute} {first.hour} {day} * *", spec.time_zone)


@lru_cache(maxsize=64)  # It is the same in each turn, and walking the calendar takes a while.
def _planned(
    workflow: str,
    span: tuple[datetime, datetime],
    seconds: int | None,
    schedules: tuple[Timing, ...],
) -> Plan | Hindrance:
    walk = _steps(span, seconds) if seconds is not None else _ticks(span, schedules)
    found = tuple(islice(walk, MOST + 1))
    between = f"from {rfc3339(span[0])} to {rfc3339(span[1])}"
    if not found:
        message = f"spec.to: there is no tick {between}; change from or to in a new Backfill"
        return Reason.NO_TICKS, message
    if len(found) > MOST:
        message = (
            f"spec.to: there are more than {MOST} logical times {between}; write several"
            " Backfills, each of a part"
        )
        return Reason.NO_TICKS, message
    return Plan(found, tuple(run_name(workflow, tick.at) for tick in found))


def _steps(span: tuple[datetime, datetime], seconds: int) -> Iterator[Tick]:
    """Yield an instant each so many seconds."""
    start, end = span
    step = timedelta(seconds=seconds)
    instants = (start + number * step for number in count())
    return (Tick(at, at - step) for at in takewhile(lambda at: at <= end, instants))


def _ticks(span: tuple[datetime, datetime], schedules: Sequence[Timing]) -> Iterator[Tick]:
    """Yield the ticks of schedules, oldest first. Of a shared tick, the first schedule counts."""
    walks = (_walk(span, schedule, order) for order, schedule in enumerate(schedules))
    last = None
    for at, _, begin in merge(*walks):
        if at != last:
            yield Tick(at, begin)
        last = at


def _walk(
    span: tuple[datetime, datetime], schedule: Timing, order: int
) -> Iterator[tuple[datetime, int, datetime]]:
    """Yield the ticks of one schedule, each with its order and the tick before it."""
    start, end = span
    before = None
    for at in takewhile(lambda tick: tick <= end, ticks(schedule, start - INSTANT, 1)):
        before = before or previous_tick(schedule, at) or at
        yield at, order, before
        before = at
