"""
`headrace.engine.workflow.cron` against a walk over every minute, around each change of clocks.

The walk knows nothing of folds, offsets or calendars of ours: it looks at the clock on the wall
at each real minute, and croniter reads the text. By default a fixed sample of zones and texts is
compared; HEADRACE_ALL_ZONES=1 compares all zones with all texts (minutes of work).
"""

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

import pytest
from croniter import croniter

from headrace.api.checks.zone_name import known_zones
from headrace.api.v1alpha1.trigger import Schedule
from headrace.engine.workflow.cron import Direction, next_tick, previous_tick, ticks

BEGIN, END = datetime(2025, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)
ALL = "HEADRACE_ALL_ZONES" in os.environ
MINUTE = timedelta(minutes=1)
PROBE = timedelta(hours=3)
AROUND = timedelta(hours=40)

TEXTS = (
    *("* * * * *", "*/5 * * * *", "*/15 * * * *", "*/30 * * * *", "0 * * * *", "7 * * * *"),
    *("0 */2 * * *", "0 */3 * * *", "30 */6 * * *", "*/15 2 * * *", "*/20 0-3 * * *", "* 1 * * *"),
    *("*/10 23,0 * * *", "*/30 1 * 3,4,10,11 *", "0 */12 * * 0", "45 */1 * * 6", "* * 29 * *"),
    *("0 0 * * *", "30 0 * * *", "0 1 * * *", "30 1 * * *", "0 2 * * *", "15 2 * * *"),
    *("30 2 * * *", "0,30 2 * * *", "0,15,30,45 2 * * *", "59 2 * * *", "0 3 * * *", "30 3 * * *"),
    *("30 23 * * *", "0-59/20 0-4 * * *", "30 2,3 * * *", "0 2,3 * * *", "0 0,12 * * *"),
    *("30 2 * * 0", "30 2 * * 6", "0 2 25-31 * *", "15 1 29 3 0", "0 0 L * *", "30 2 * 3,10 0"),
)

# Each shape of change: an hour, half an hour, two hours, at midnight, before midnight, in winter,
# by the moon, twice a month; and no change at all.
SAMPLE = (
    *("Europe/Berlin", "Europe/London", "Europe/Dublin", "Atlantic/Azores", "America/New_York"),
    *("America/Havana", "America/Nuuk", "America/Santiago", "Pacific/Easter", "America/St_Johns"),
    *("Australia/Lord_Howe", "Australia/Sydney", "Pacific/Auckland", "Pacific/Chatham"),
    *("Africa/Cairo", "Africa/Casablanca", "Asia/Beirut", "Asia/Gaza", "Asia/Jerusalem"),
    *("Antarctica/Troll", "Europe/Chisinau", "Asia/Kathmandu", "UTC"),
)


@dataclass(frozen=True)
class Minute:
    """One real minute in a zone."""

    at: datetime
    wall: datetime
    """What the clock shows."""
    new: tuple[datetime, ...]
    """What the clock shows or has just jumped over, unless it showed that before; without days
    that it never showed."""


def changes(place: ZoneInfo) -> list[datetime]:
    """Return the instants shortly after which the zone's clocks were changed."""
    found, at, offset = [], BEGIN, BEGIN.astimezone(place).utcoffset()
    while at < END:
        at += PROBE
        if offset != (offset := at.astimezone(place).utcoffset()):
            found.append(at)
    return found


def minutes(place: ZoneInfo, first: datetime, last: datetime) -> Iterator[Minute]:
    """Walk the minutes between two instants, beginning early enough to know what was shown."""
    at = first - timedelta(days=1)
    shown = {at.astimezone(place).replace(tzinfo=None)}
    while at < last:
        before = at.astimezone(place).replace(tzinfo=None)
        at += MINUTE
        wall = at.astimezone(place).replace(tzinfo=None)
        passed = before + MINUTE
        new = []
        while passed < wall:
            if passed.date() in {before.date(), wall.date()}:
                new.append(passed)
            passed += MINUTE
        if wall not in shown:
            new.append(wall)
            shown.add(wall)
        if first < at < last:
            yield Minute(at, wall, tuple(new))


class Reading:
    """What a text asks of the clock on the wall, as croniter reads it."""

    def __init__(self, text: str) -> None:
        fields: list[set[int | str]] = [set(field) for field in croniter.expand(text)[0]]
        self.minutes, self.hours, self.days, self.months, self.weekdays = fields
        minute, hour, *_ = text.split()
        self.elapsed = minute[0] == "*" or hour[0] == "*"

    def asks_for(self, wall: datetime) -> bool:
        """Say whether the text matches what the clock shows."""
        return (
            self._has(self.minutes, wall.minute)
            and self._has(self.hours, wall.hour)
            and self._has(self.months, wall.month)
            and self._day(wall)
        )

    def _day(self, wall: datetime) -> bool:
        last = (wall + timedelta(days=1)).day == 1
        day = self._has(self.days, wall.day) or (last and "l" in self.days)
        weekday = self._has(self.weekdays, wall.isoweekday() % 7)
        if "*" in self.days or "*" in self.weekdays:
            return day and weekday
        return day or weekday

    @staticmethod
    def _has(values: set[int | str], value: int) -> bool:
        return "*" in values or value in values

    def fires(self, minute: Minute) -> bool:
        """Say whether there is a tick, by the definition."""
        if self.elapsed:
            return self.asks_for(minute.wall)
        return any(self.asks_for(wall) for wall in minute.new)


def windows(place: ZoneInfo) -> list[tuple[datetime, datetime]]:
    """Return the stretches to compare: around each change, or some days where there is none."""
    centres = changes(place) or [datetime(2028, 2, 29, tzinfo=UTC)]
    return [(centre - AROUND, centre + AROUND) for centre in centres]


def wanted(text: str, walk: list[Minute]) -> list[datetime]:
    """Return the ticks of a text by the definition."""
    reading = Reading(text)
    return [minute.at for minute in walk if reading.fires(minute)]


def between(
    schedule: Schedule, first: datetime, last: datetime, direction: Direction
) -> list[datetime]:
    """Return the ticks between two instants, found by walking in a direction."""
    if direction > 0:
        return list(takewhile(lambda tick: tick < last, ticks(schedule, first, 1)))
    return list(takewhile(lambda tick: tick > first, ticks(schedule, last, -1)))[::-1]


@pytest.mark.parametrize("zone", sorted(known_zones()) if ALL else SAMPLE)
def test_ticks_are_what_the_clock_on_the_wall_says(zone: str) -> None:
    """Around every change of 2025 to 2030 the ticks are those of the definition."""
    texts = TEXTS if ALL else random.Random(zone).sample(TEXTS, 4)  # noqa: S311 - repeatable
    place, compared = ZoneInfo(zone), 0
    for first, last in windows(place):
        walk = list(minutes(place, first, last))
        for text in texts:
            want, schedule = wanted(text, walk), Schedule(cron=text, time_zone=zone)
            assert want == between(schedule, first, last, 1), (text, first)
            assert want == between(schedule, first, last, -1), (text, first)
            for minute in walk[1:-1:97]:
                after = next((tick for tick in want if tick > minute.at), None)
                before = next((tick for tick in reversed(want) if tick < minute.at), None)
                assert after in {None, next_tick(schedule, minute.at)}, (text, minute)
                assert before in {None, previous_tick(schedule, minute.at)}, (text, minute)
            compared += len(want)
    assert compared > 0
