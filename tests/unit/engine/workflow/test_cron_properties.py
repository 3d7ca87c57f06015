"""What holds for every schedule and every instant: `headrace.engine.workflow.cron`."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest
from croniter import croniter
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.api.v1alpha1.trigger import Schedule
from headrace.engine.workflow.cron import next_tick, previous_tick, ticks

UNHURRIED = settings(deadline=None)  # a loaded machine is no defect
PLENTY = settings(deadline=None, max_examples=300)

MINUTES = ["0", "30", "*", "*/15", "7,59", "10-20", "5/20"]
HOURS = ["0", "2", "*", "*/2", "1-3", "23", "0,12", "22-23"]
MONTH_DAYS = ["*", "*", "*", "1", "L", "13", "*/5", "28-31"]
MONTHS = ["*", "*", "*", "3", "10", "mar-apr", "11-2"]
WEEKDAYS = ["*", "*", "*", "0", "mon-fri", "5#2", "L0", "6-1"]
FIELDS = (MINUTES, HOURS, MONTH_DAYS, MONTHS, WEEKDAYS)
ZONES = [
    *("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo"),
    *("America/Sao_Paulo", "Asia/Beirut", "Antarctica/Troll", "America/Nuuk", "Asia/Kolkata"),
    *("Africa/Casablanca", "America/St_Johns", "Pacific/Apia", "Asia/Gaza", "America/Havana"),
]
NEVER = {
    ("Europe/Berlin", "2 * 3 L0"),
    ("Antarctica/Troll", "2 * 3 L0"),
    ("Asia/Beirut", "0 * 3 L0"),
}
"""What a zone's clocks jump over each year: summer time begins on the last Sunday of March."""


def _comes(schedule: Schedule) -> bool:
    """Tell whether a cron comes at all. Those of local time fire after a jump."""
    assert schedule.cron is not None
    minute, rest = schedule.cron.split(maxsplit=1)
    return not minute.startswith("*") or (schedule.time_zone, rest) not in NEVER


SCHEDULES = st.one_of(
    st.builds(
        Schedule,
        cron=st.tuples(*map(st.sampled_from, FIELDS)).map(" ".join),
        time_zone=st.sampled_from(ZONES),
    ).filter(_comes),
    st.builds(Schedule, every_seconds=st.integers(60, 31_536_000)),
)
INSTANTS = st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone


@UNHURRIED
@given(SCHEDULES, INSTANTS)
def test_ticks_strictly_increase(schedule: Schedule, start: datetime) -> None:
    """Each tick is later than the one before, and asking again from a tick gives the next."""
    walked = list(islice(ticks(schedule, start, 1), 40))
    assert all(early < late for early, late in pairwise([start, *walked]))
    asked = [start]
    while len(asked) <= len(walked):
        tick = next_tick(schedule, asked[-1])
        assert tick is not None
        asked.append(tick)
    assert walked == asked[1:]


@UNHURRIED
@given(SCHEDULES, INSTANTS)
def test_backwards_is_forwards_reversed(schedule: Schedule, start: datetime) -> None:
    """Whichever way one walks between two instants, one meets the same ticks."""
    walked = list(islice(ticks(schedule, start, 1), 40))
    back = takewhile(lambda tick: tick > start, ticks(schedule, walked[-1], -1))
    assert walked[:-1] == list(back)[::-1]


@UNHURRIED
@given(SCHEDULES, INSTANTS)
def test_next_and_previous_enclose_an_instant(schedule: Schedule, at: datetime) -> None:
    """The tick before the next one is not after the instant, and the other way round."""
    after, before = next_tick(schedule, at), previous_tick(schedule, at)
    assert after is not None
    assert before is not None
    assert before < at < after
    assert previous_tick(schedule, after) in {before, at}
    assert next_tick(schedule, before) in {after, at}


@UNHURRIED
@given(st.integers(0, 23), st.integers(0, 59), st.sampled_from(ZONES), INSTANTS)
def test_a_daily_time_fires_once_each_local_day(
    hour: int, minute: int, zone: str, start: datetime
) -> None:
    """From noon to noon over 400 days there are 400 ticks, in any zone that left out no day."""
    place = ZoneInfo(zone)
    first = start.astimezone(place).replace(hour=12, minute=0, second=0, microsecond=0)
    last = first + timedelta(days=400)
    left_out = datetime(2011, 12, 30, tzinfo=place)
    want = 399 if zone == "Pacific/Apia" and first <= left_out < last else 400
    daily = Schedule(cron=f"{minute} {hour} * * *", time_zone=zone)
    passed = ticks(daily, first, 1)
    assert want == sum(1 for _ in takewhile(lambda tick: tick <= last.astimezone(UTC), passed))


@PLENTY
@given(SCHEDULES.filter(lambda schedule: schedule.cron is not None), INSTANTS)
def test_without_changes_of_clocks_croniter_agrees(schedule: Schedule, start: datetime) -> None:
    """In UTC an independent library names the same next tick."""
    text = schedule.cron or ""
    day, weekday = text.split()[2], text.split()[4]
    if day != "*" and weekday in {"5#2", "L0"}:
        return  # croniter drops the day of the month there
    want = croniter(text, start, ret_type=datetime).get_next()
    assert want == next_tick(Schedule(cron=text), start)


@pytest.mark.parametrize(("zone", "rest"), sorted(NEVER))
def test_a_time_that_is_jumped_over_each_year_never_comes(zone: str, rest: str) -> None:
    """The search for it has an end."""
    schedule = Schedule(cron=f"* {rest}", time_zone=zone)
    assert next_tick(schedule, datetime(2030, 1, 1, tzinfo=UTC)) is None
