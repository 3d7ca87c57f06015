"""
The due and the missed ticks of a workflow's schedules.

Knows the schedules, what was recorded of them, and the time. Does not know the runs: `concurrency`
decides whether a due tick may start one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import islice, takewhile

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.trigger import CatchUp, Schedule
from headrace.engine.text import duration, rfc3339
from headrace.engine.workflow.cron import (
    INSTANT,
    count_multiples,
    is_multiple,
    next_tick,
    previous_tick,
    ticks,
)
from headrace.engine.workflow.tick import Tick

ON_TIME = timedelta(seconds=60)
"""How late a tick may be and still count as on time, without a deadline: longer than a change of
leader, and no longer than the shortest interval."""

COUNTED = 10_000
"""How many missed ticks of a cron are counted one by one. Above, they are "more than" this."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The part of a workflow's status about its schedules."""

    key: str
    """Derived from the schedules: if somebody changes them, the key changes."""
    since: datetime
    """When these schedules took effect. No tick before that fires."""
    last_tick: datetime | None = None
    """The newest handled tick: started, skipped or missed."""

    @property
    def until(self) -> datetime:
        """The instant up to which all ticks are handled."""
        return self.last_tick or self.since


@dataclass(frozen=True, slots=True)
class Note:
    """A note for people, for an Event and a condition."""

    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Due:
    """The ticks of a turn."""

    ticks: tuple[Tick, ...]
    """The ticks with a due run, oldest first."""
    missed: int
    """How many ticks passed that start no run; to be added to the count in the status."""
    notes: tuple[Note, ...]
    recorded: Recorded
    """Stored together with `missed`, after the creation of the runs, which can be repeated."""
    next_look: datetime | None
    """The next tick; None while suspended, or without a schedule."""


def key_of(schedules: Sequence[Schedule]) -> str:
    """Return the key of schedules: a hash of their texts."""
    texts = sorted(_name(schedule) for schedule in schedules)
    return sha256("\n".join(texts).encode()).hexdigest()[:16]


def record_for(
    schedules: Sequence[Schedule], recorded: Recorded | None, begin: datetime, now: datetime
) -> Recorded:
    """
    Return the record of these schedules (or of none), started again if they have changed.

    A workflow that moves from a daily to an hourly schedule at noon has not missed eleven ticks.

    Args:
        schedules: Those of the workflow's spec.
        recorded: The record in the status; None if there is none.
        begin: Since when these schedules exist, without a record.
        now: The time.

    """
    key = key_of(schedules)
    if recorded is None:
        return Recorded(key, begin)
    return recorded if recorded.key == key else Recorded(key, now)


def due(
    schedules: Sequence[Schedule],
    recorded: Recorded,
    now: datetime,
    *,
    suspended: bool,
    started: frozenset[datetime] = frozenset(),
) -> Due:
    """
    Decide which ticks start a run now. A tick that several schedules share starts one.

    Only ticks after the last recorded one and not in the future count. So a clock that jumps starts
    no burst, and nothing twice. Ticks during a suspension are decided at its end.

    Args:
        schedules: Those of the workflow's spec.
        recorded: From `record_for`.
        now: The time, with a zone.
        suspended: Whether triggers are stopped.
        started: Ticks with a run, recorded or not: they are not missed.

    """
    if suspended or not schedules:
        return Due((), 0, (), recorded, None)
    begin = recorded.until
    looks = [_look(schedule, begin, now, started) for schedule in schedules]
    seen = [look.newest for look in looks if look.newest]
    starting = {tick.at: tick for look in reversed(looks) for tick in look.ticks}
    upcoming = (next_tick(schedule, max(begin, now)) for schedule in schedules)
    return Due(
        ticks=tuple(starting[at] for at in sorted(starting)),
        missed=sum(look.missed for look in looks),
        notes=_clock_notes(recorded, now) + tuple(look.note for look in looks if look.note),
        recorded=replace(recorded, last_tick=max(seen)) if seen else recorded,
        next_look=min((tick for tick in upcoming if tick is not None), default=None),
    )


@dataclass(frozen=True, slots=True)
class _Look:
    """The due ticks of one schedule."""

    ticks: tuple[Tick, ...] = ()
    newest: datetime | None = None
    missed: int = 0
    note: Note | None = None


def _look(
    schedule: Schedule, begin: datetime, now: datetime, started: frozenset[datetime]
) -> _Look:
    """Return the due ticks of one schedule, after an instant and up to now."""
    limit = schedule.max_catch_up if schedule.catch_up is CatchUp.ALL else 1
    passed = takewhile(lambda tick: tick > begin, ticks(schedule, now + INSTANT, -1))
    newest = tuple(islice(passed, limit))
    if not newest:
        return _Look()
    if schedule.every_seconds is not None:
        between = (at for at in started if begin < at < newest[-1])
        older = count_multiples(schedule.every_seconds, begin, now) - len(newest)
        older -= sum(is_multiple(schedule.every_seconds, at) for at in between)
    else:
        older = sum(at not in started for at in islice(passed, COUNTED))
    age = _allowed_age(schedule)
    on_time = [at for at in reversed(newest) if age is None or now - at <= age]
    late = set(newest).difference(on_time, started)
    missed = older + len(late)
    return _Look(
        ticks=tuple(Tick(at, previous_tick(schedule, at) or at) for at in on_time),
        newest=newest[0],
        missed=missed,
        note=_missed_note(schedule, missed, begin, too_late=bool(late)),
    )


def _allowed_age(schedule: Schedule) -> timedelta | None:
    """Return how old a tick may be to start a run; None if no tick is too old."""
    if schedule.starting_deadline_seconds is not None:
        return timedelta(seconds=schedule.starting_deadline_seconds)
    return ON_TIME if schedule.catch_up is CatchUp.NONE else None


def _missed_note(
    schedule: Schedule, missed: int, begin: datetime, *, too_late: bool
) -> Note | None:
    """Return the note on ticks that start no run, with the field that is the cause."""
    if missed == 0:
        return None
    if too_late and schedule.starting_deadline_seconds is not None:
        cause = f"later than startingDeadlineSeconds, {schedule.starting_deadline_seconds}"
    elif too_late:
        cause = f"later than {duration(ON_TIME)}, and catchUp is None; Latest or All catch up"
    elif schedule.catch_up is CatchUp.ALL:
        cause = f"more than maxCatchUp, {schedule.max_catch_up}, so the newest were taken"
    else:
        cause = f"catchUp is {schedule.catch_up}, so the newest one counts; All starts each"
    more = "at least " if missed >= COUNTED and schedule.every_seconds is None else ""
    ticks_ = "tick" if missed == 1 else "ticks"
    message = f"{more}{missed} {ticks_} of {_name(schedule)} missed since {rfc3339(begin)}: {cause}"
    return Note(Reason.MISSED_SCHEDULE, message)


def _clock_notes(recorded: Recorded, now: datetime) -> tuple[Note, ...]:
    """Return the note on a clock that was set back, so that no schedule fires."""
    last = recorded.last_tick
    if last is None or last - now <= ON_TIME:
        return ()
    return (
        Note(
            Reason.CLOCK_SET_BACK,
            f"it is {rfc3339(now)}, but the tick of {rfc3339(last)} was already handled: the clock"
            " is wrong, or was wrong then. No schedule fires before that tick, unless somebody"
            " removes lastTickTime from the workflow's status",
        ),
    )


def _name(schedule: Schedule) -> str:
    """Return the text of a schedule for messages."""
    if schedule.cron is None:
        return f"everySeconds {schedule.every_seconds}"
    return f'"{" ".join(schedule.cron.split())}" {schedule.time_zone}'
