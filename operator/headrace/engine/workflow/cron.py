"""
The ticks of a schedule: the instants at which it fires.

Knows calendars and time zones. Does not know the current time, or what a tick starts.

A cron whose minute or hour field starts with `*` follows elapsed time: it fires at each instant
whose local time matches. Any other cron is local time and fires once on each matching local day. A
time that the clocks jump over fires at the first instant after the jump (several such times are
then one tick). A time that comes twice fires at the first of the two. A whole day that the clocks
jump over (a move across the date line) has no ticks.
"""

from bisect import bisect_left, bisect_right
from calendar import monthrange
from collections.abc import Iterator
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import count
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

from headrace.api.checks.cron_text import LAST, Cron, read_cron

Direction = Literal[1, -1]
"""1 walks towards the future, -1 towards the past."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)

HORIZON = timedelta(days=1)
"""The distance at which a zone's offsets are compared. No zone changes twice within a day."""

FARTHEST = timedelta(days=100 * 366)
"""The longest search. No schedule pauses as long, unless the clocks jump over each of its times:
`* 2 * 3 L0` in Berlin never comes since summer time begins on the last Sunday of March."""

# A year is kept free at both ends of datetime's range, so that no offset overflows.
YEARS = range(MINYEAR + 1, MAXYEAR)

zone = lru_cache(maxsize=1024)(ZoneInfo)


class Timing(Protocol):
    """The parts of a schedule that say when it fires."""

    @property
    def cron(self) -> str | None:
        """The cron; None: it has an interval."""

    @property
    def every_seconds(self) -> int | None:
        """The interval."""

    @property
    def time_zone(self) -> str:
        """The zone of the cron."""


def next_tick(schedule: Timing, after: datetime) -> datetime | None:
    """
    Return the first tick after an instant, in UTC.

    None if it never comes again, and at the end of the range of `datetime`.

    Args:
        schedule: As the author wrote it.
        after: Any instant with a zone; a tick at this instant does not count.

    """
    return next(ticks(schedule, after, 1), None)


def previous_tick(schedule: Timing, before: datetime) -> datetime | None:
    """Return the last tick before an instant, in UTC; a tick at this instant does not count."""
    return next(ticks(schedule, before, -1), None)


def ticks(schedule: Timing, start: datetime, direction: Direction) -> Iterator[datetime]:
    """Yield the ticks strictly beyond an instant, nearest first, in UTC, without end."""
    start = start.astimezone(UTC)
    if start.year not in YEARS:
        return iter(())
    if schedule.cron is None:
        return _multiples(schedule.every_seconds or 0, start, direction)
    cron = read_cron(schedule.cron)
    walk = _elapsed if cron.elapsed else _wall_clock
    return walk(cron, zone(schedule.time_zone), start, direction)


def count_multiples(seconds: int, after: datetime, until: datetime) -> int:
    """Return how many ticks `everySeconds` has after one instant and up to another."""
    step = timedelta(seconds=seconds)
    return max(0, (until - EPOCH) // step - (after - EPOCH) // step)


def is_multiple(seconds: int, at: datetime) -> bool:
    """Return whether an instant is a tick of `everySeconds`."""
    return not (at - EPOCH) % timedelta(seconds=seconds)


def _multiples(seconds: int, start: datetime, direction: Direction) -> Iterator[datetime]:
    """Yield the multiples of a number of seconds since the epoch."""
    step = timedelta(seconds=seconds)
    steps = (start - EPOCH) // step
    if direction > 0 or EPOCH + steps * step == start:
        steps += direction
    while (tick := EPOCH + steps * step).year in YEARS:
        yield tick
        steps += direction


def _wall_clock(
    cron: Cron, place: ZoneInfo, start: datetime, direction: Direction
) -> Iterator[datetime]:
    """Yield the ticks of a schedule of local times, once on each matching day."""
    local = start.astimezone(place)
    begin = local.replace(tzinfo=None)
    if direction < 0:
        # In a repeated hour, the whole first hour has passed already.
        begin += start - local.replace(fold=0).astimezone(UTC)
    last = start
    for wall in _matching(cron, begin, direction):
        tick = _first_instant(wall, place)
        if tick is not None and (tick > last if direction > 0 else tick < last):
            yield tick
            last = tick


def _first_instant(wall: datetime, place: ZoneInfo) -> datetime | None:
    """Return when a local time first comes, or is jumped over; None if its whole day is."""
    tick = wall.replace(tzinfo=place).astimezone(UTC)
    if tick.astimezone(place).replace(tzinfo=None) == wall:
        return tick
    # No such local time. Read with the offset before the jump it lies after the jump, and the
    # other way round.
    jump = _change(place, wall.replace(tzinfo=place, fold=1).astimezone(UTC), tick)
    if jump is None:
        return None
    day_before = (jump - INSTANT).astimezone(place).date()
    day_after = jump.astimezone(place).date()
    return None if day_before < wall.date() < day_after else jump


def _elapsed(
    cron: Cron, place: ZoneInfo, start: datetime, direction: Direction
) -> Iterator[datetime]:
    """Yield each instant whose local time matches, one stretch of constant offset at a time."""
    at: datetime | None = start + direction * INSTANT
    newest = start
    while at is not None and abs(at - newest) < FARTHEST:
        offset = _offset(place, at)
        begin = (at + offset).replace(tzinfo=None)
        last, at = at, None
        for wall in _matching(cron, begin, direction):
            tick = (wall - offset).replace(tzinfo=UTC)
            at = _end_of_stretch(place, last, tick, direction)
            if at is not None:
                break
            yield tick
            last = newest = tick


def _end_of_stretch(
    place: ZoneInfo, start: datetime, tick: datetime, direction: Direction
) -> datetime | None:
    """Return where to look again, if the offset at `start` may change before `tick`."""
    if direction > 0:
        near = min(tick, start + HORIZON)
        change = _change(place, start, near)
    else:
        near = max(tick, start - HORIZON)
        change = _change(place, near, start)
    if change is not None:
        return change if direction > 0 else change - INSTANT
    return None if near == tick else tick - direction * HORIZON


def _offset(place: ZoneInfo, at: datetime) -> timedelta:
    """Return the offset of local time from UTC."""
    return at.astimezone(place).replace(tzinfo=UTC) - at


def _change(place: ZoneInfo, early: datetime, late: datetime) -> datetime | None:
    """Return the first instant after `early` and up to `late` with another offset, if any."""
    old = _offset(place, early)
    if _offset(place, late) == old:
        return None
    early = early.replace(microsecond=0)
    seconds = range((late - early) // SECOND)

    def changed(second: int) -> bool:
        return _offset(place, early + second * SECOND) != old

    return early + bisect_left(seconds, x=True, key=changed) * SECOND


def _matching(cron: Cron, begin: datetime, direction: Direction) -> Iterator[datetime]:
    """Yield the local times that match, from `begin` on, nearest first."""
    if direction > 0:
        begin += MINUTE - INSTANT
    for day in _dates(cron, begin.date(), direction):
        today = day == begin.date()
        for hour in _from(cron.hours, begin.hour if today else None, direction):
            this_hour = today and hour == begin.hour
            for minute in _from(cron.minutes, begin.minute if this_hour else None, direction):
                yield datetime(day.year, day.month, day.day, hour, minute)  # noqa: DTZ001 - local


def _dates(cron: Cron, first: date, direction: Direction) -> Iterator[date]:
    """Yield the dates that match, from `first` on, nearest first."""
    for month_count in count(first.year * 12 + first.month - 1, direction):
        year, month = month_count // 12, month_count % 12 + 1
        if year not in YEARS:
            return
        if month in cron.months:
            days = _days(cron.days, cron.weekdays, year, month)
            this_month = (year, month) == (first.year, first.month)
            for day in _from(days, first.day if this_month else None, direction):
                yield date(year, month, day)


def _from(values: tuple[int, ...], first: int | None, direction: Direction) -> tuple[int, ...]:
    """Return the values from `first` on, in the order of the walk."""
    if direction > 0:
        return values if first is None else values[bisect_left(values, first) :]
    return (values if first is None else values[: bisect_right(values, first)])[::-1]


@lru_cache(maxsize=4096)
def _days(
    days: frozenset[int] | None,
    weekdays: frozenset[tuple[int, int]] | None,
    year: int,
    month: int,
) -> tuple[int, ...]:
    """Return the days of a month that match; with both restrictions, one is enough."""
    first_weekday, length = monthrange(year, month)
    every = range(1, length + 1)
    if days is None and weekdays is None:
        return tuple(every)
    return tuple(
        day
        for day in every
        if (days is not None and not days.isdisjoint((day, LAST if day == length else day)))
        or (weekdays is not None and not weekdays.isdisjoint(_names(first_weekday, length, day)))
    )


def _names(first_weekday: int, length: int, day: int) -> tuple[tuple[int, int], ...]:
    """Return the cron names of a day: its weekday, the n-th, and perhaps the last."""
    weekday = (first_weekday + day) % 7  # monthrange counts from Monday, cron from Sunday
    nth = (day + 6) // 7
    return (weekday, 0), (weekday, nth), (weekday, LAST if day + 7 > length else nth)
