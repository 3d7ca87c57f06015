"""When a schedule fires: `headrace.engine.workflow.cron`."""

import re
from datetime import UTC, datetime
from itertools import islice, takewhile
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from headrace.api.v1alpha1.trigger import Schedule
from headrace.engine.workflow.cron import Direction, next_tick, previous_tick, ticks

# --- builders ---------------------------------------------------------------------------------


def cron(text: str, zone: str = "UTC") -> Schedule:
    """Return a schedule by cron."""
    return Schedule(cron=text, time_zone=zone)


def every(seconds: int) -> Schedule:
    """Return a schedule by interval."""
    return Schedule(every_seconds=seconds)


def utc(text: str) -> datetime:
    """Return the instant that a text in UTC stands for."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def local_ticks(schedule: Schedule, start: str, end: str, direction: Direction = 1) -> list[str]:
    """Return the ticks between two UTC instants, as local time with its offset."""
    place = ZoneInfo(schedule.time_zone)
    first, last = (utc(start), utc(end)) if direction > 0 else (utc(end), utc(start))
    walk = takewhile(
        lambda tick: tick < last if direction > 0 else tick > last,
        ticks(schedule, first, direction),
    )
    found = [tick.astimezone(place).isoformat(timespec="minutes") for tick in walk]
    return found[::direction]


# --- when the clocks change -------------------------------------------------------------------

BERLIN_SPRING = ("Europe/Berlin", "2026-03-28T12:00", "2026-03-29T12:00")
BERLIN_AUTUMN = ("Europe/Berlin", "2026-10-24T12:00", "2026-10-25T12:00")
LORD_HOWE_SPRING = ("Australia/Lord_Howe", "2026-10-03T12:00", "2026-10-03T20:00")
LORD_HOWE_AUTUMN = ("Australia/Lord_Howe", "2026-04-04T12:00", "2026-04-04T20:00")
CAIRO_SPRING = ("Africa/Cairo", "2026-04-23T18:00", "2026-04-24T06:00")
BEIRUT_SPRING = ("Asia/Beirut", "2026-03-28T12:00", "2026-03-29T06:00")
NUUK_SPRING = ("America/Nuuk", "2026-03-28T12:00", "2026-03-29T12:00")
HAVANA_AUTUMN = ("America/Havana", "2026-11-01T00:00", "2026-11-01T12:00")
TROLL_SPRING = ("Antarctica/Troll", "2026-03-28T12:00", "2026-03-29T12:00")
TROLL_AUTUMN = ("Antarctica/Troll", "2026-10-24T12:00", "2026-10-25T12:00")
SAO_PAULO_SPRING = ("America/Sao_Paulo", "2018-11-03T12:00", "2018-11-04T12:00")
SAO_PAULO_AUTUMN = ("America/Sao_Paulo", "2018-02-17T12:00", "2018-02-18T12:00")
ST_JOHNS_AUTUMN = ("America/St_Johns", "2010-11-06T20:00", "2010-11-07T08:00")
APIA = ("Pacific/Apia", "2011-12-29T00:00", "2012-01-01T12:00")
KOLKATA = ("Asia/Kolkata", "2026-03-28T12:00", "2026-03-29T12:00")

CHANGES = [
    pytest.param(
        *("30 2 * * *", BERLIN_SPRING, ["2026-03-29T03:00+02:00"]),
        id="a time in the spring gap fires at the first instant after it",
    ),
    pytest.param(
        *("0,30 2 * * *", BERLIN_SPRING, ["2026-03-29T03:00+02:00"]),
        id="several times in one gap are one tick",
    ),
    pytest.param(
        *("0 2,3 * * *", BERLIN_SPRING, ["2026-03-29T03:00+02:00"]),
        id="a time in the gap and one just after it are one tick",
    ),
    pytest.param(
        "30 2,3 * * *",
        BERLIN_SPRING,
        ["2026-03-29T03:00+02:00", "2026-03-29T03:30+02:00"],
        id="a time in the gap does not swallow a later one",
    ),
    pytest.param(
        *("30 2 * * *", BERLIN_AUTUMN, ["2026-10-25T02:30+02:00"]),
        id="a time that comes twice fires at the first of the two",
    ),
    pytest.param(
        *("59 2,3 * * *", BERLIN_AUTUMN, ["2026-10-25T02:59+02:00", "2026-10-25T03:59+01:00"]),
        id="the last minute of the repeated hour fires once",
    ),
    pytest.param(
        "0 */2 * * *",
        ("Europe/Berlin", "2026-03-28T22:30", "2026-03-29T04:30"),
        ["2026-03-29T00:00+01:00", "2026-03-29T04:00+02:00", "2026-03-29T06:00+02:00"],
        id="a schedule of elapsed time has no tick in the gap",
    ),
    pytest.param(
        "*/30 2 * * *",
        BERLIN_AUTUMN,
        [
            "2026-10-25T02:00+02:00",
            "2026-10-25T02:30+02:00",
            "2026-10-25T02:00+01:00",
            "2026-10-25T02:30+01:00",
        ],
        id="a schedule of elapsed time fires in both of the two hours",
    ),
    pytest.param(
        *("15 2 * * *", LORD_HOWE_SPRING, ["2026-10-04T02:30+11:00"]),
        id="a gap of half an hour ends at half past",
    ),
    pytest.param(
        *("45 1 * * *", LORD_HOWE_AUTUMN, ["2026-04-05T01:45+11:00"]),
        id="a repeated half hour counts once",
    ),
    pytest.param(
        "*/15 1 * * *",
        LORD_HOWE_AUTUMN,
        [
            "2026-04-05T01:00+11:00",
            "2026-04-05T01:15+11:00",
            "2026-04-05T01:30+11:00",
            "2026-04-05T01:45+11:00",
            "2026-04-05T01:30+10:30",
            "2026-04-05T01:45+10:30",
        ],
        id="each quarter of a repeated half hour elapses",
    ),
    pytest.param(
        *("0 0 * * *", CAIRO_SPRING, ["2026-04-24T01:00+03:00"]),
        id="a midnight that does not exist fires at one o'clock",
    ),
    pytest.param(
        *("@daily", BEIRUT_SPRING, ["2026-03-29T01:00+03:00"]),
        id="@daily is local time and fires on the day that begins at one o'clock",
    ),
    pytest.param(
        *("30 23 * * *", NUUK_SPRING, ["2026-03-29T00:00-01:00"]),
        id="a gap before midnight fires at midnight",
    ),
    pytest.param(
        *("30 0 * * *", HAVANA_AUTUMN, ["2026-11-01T00:30-04:00"]),
        id="the first hour of a day that comes twice counts once",
    ),
    pytest.param(
        *("0 1,2 * * *", TROLL_SPRING, ["2026-03-29T03:00+02:00"]),
        id="a gap of two hours is one tick",
    ),
    pytest.param(
        *("30 1,2 * * *", TROLL_AUTUMN, ["2026-10-25T01:30+02:00", "2026-10-25T02:30+02:00"]),
        id="two repeated hours count once each",
    ),
    pytest.param(
        "30 */1 * * *",
        ("Antarctica/Troll", "2026-10-24T23:00", "2026-10-25T03:00"),
        [
            "2026-10-25T01:30+02:00",
            "2026-10-25T02:30+02:00",
            "2026-10-25T01:30+00:00",
            "2026-10-25T02:30+00:00",
        ],
        id="two repeated hours elapse one after the other",
    ),
    pytest.param(
        *("0 0 * * *", SAO_PAULO_SPRING, ["2018-11-04T01:00-02:00"]),
        id="a change at midnight moves the tick into its day",
    ),
    pytest.param(
        *("30 23 * * *", SAO_PAULO_AUTUMN, ["2018-02-17T23:30-02:00"]),
        id="the last hour of a day that comes twice counts once",
    ),
    pytest.param(
        "* 0 * * *",
        ("America/St_Johns", "2010-11-07T02:28", "2010-11-07T03:32"),
        ["2010-11-07T00:00-02:30", "2010-11-07T00:00-03:30", "2010-11-07T00:01-03:30"],
        id="a day that begins, is left and begins again",
    ),
    pytest.param(
        *("0 0 * * *", ST_JOHNS_AUTUMN, ["2010-11-07T00:00-02:30"]),
        id="the midnight of a day that begins twice counts once",
    ),
    pytest.param(
        "0 12 * * *",
        APIA,
        ["2011-12-29T12:00-10:00", "2011-12-31T12:00+14:00", "2012-01-01T12:00+14:00"],
        id="a day that the zone left out has no tick",
    ),
    pytest.param(
        "0 */12 * * *",
        ("Pacific/Apia", "2011-12-29T11:00", "2011-12-31T20:00"),
        [
            "2011-12-29T12:00-10:00",
            "2011-12-31T00:00+14:00",
            "2011-12-31T12:00+14:00",
            "2012-01-01T00:00+14:00",
        ],
        id="elapsed time goes on over the day that was left out",
    ),
    pytest.param(
        *("30 2 * * *", KOLKATA, ["2026-03-29T02:30+05:30"]), id="a zone without changes is plain"
    ),
]


@pytest.mark.parametrize("direction", [1, -1], ids=["forwards", "backwards"])
@pytest.mark.parametrize(("text", "span", "want"), CHANGES)
def test_ticks_around_a_change_of_clocks(
    text: str, span: tuple[str, str, str], want: list[str], direction: Direction
) -> None:
    """Local times fire once each local day, elapsed time goes on; walked either way."""
    zone, start, end = span
    assert want == local_ticks(cron(text, zone), start, end, direction)


PAGE = Path(__file__).parents[4] / "docs" / "explanation" / "schedules-and-dst.md"
ROW = re.compile(r"^\| `([^`]+ [^`]+)` \| ([0-9:, a-z]+) \| ([0-9:, a-z]+) \|$", re.MULTILINE)
ROWS = ROW.findall(PAGE.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("text", "spring", "autumn"), ROWS, ids=[row[0] for row in ROWS])
def test_the_page_on_schedules_tells_the_truth(text: str, spring: str, autumn: str) -> None:
    """Each row of its table names the ticks before five o'clock on the two days."""
    for cell, day, start in (
        (spring, "2026-03-29", "2026-03-28T22:59"),
        (autumn, "2026-10-25", "2026-10-24T21:59"),
    ):
        found = [
            tick.astimezone(ZoneInfo("Europe/Berlin"))
            for tick in islice(ticks(cron(text, "Europe/Berlin"), utc(start), 1), 20)
        ]
        early = [tick for tick in found if f"{tick:%Y-%m-%d}" == day and tick.hour < 5]
        times = [f"{tick:%H:%M}{' again' if tick.fold else ''}" for tick in early]
        assert cell == (", ".join(times) or "none")


def test_the_page_on_schedules_has_its_table() -> None:
    """The rows above are not checked in vain."""
    assert len(ROWS) > 5


# --- which days -------------------------------------------------------------------------------

DAYS = [
    pytest.param("0 0 13 * 5", "2026-02-01", "02-06 02-13 02-20 02-27", id="13th or Friday"),
    pytest.param("0 0 1-31 * 1", "2026-02-01", "02-02 02-03 02-04", id="a full range restricts"),
    pytest.param("0 0 */10 * 1", "2026-02-01", "02-02 02-09 02-11", id="a step restricts"),
    pytest.param("0 0 * * 1", "2026-02-01", "02-02 02-09 02-16", id="* leaves the other field"),
    pytest.param("0 0 ? * 1", "2026-02-01", "02-02 02-09 02-16", id="? is *"),
    pytest.param("0 0 L * *", "2026-01-31", "02-28 03-31 04-30", id="L is the last of the month"),
    pytest.param("0 0 L 2 *", "2027-01-01", "02-28 02-29", id="L knows leap years"),
    pytest.param("0 0 15,L * *", "2026-02-01", "02-15 02-28 03-15", id="L in a list"),
    pytest.param("0 0 * * 5#2", "2026-02-01", "02-13 03-13 04-10", id="the second Friday"),
    pytest.param("0 0 * * fri#5", "2026-02-01", "05-29 07-31 10-30", id="only months with five"),
    pytest.param("0 0 * * L5", "2026-02-01", "02-27 03-27 04-24", id="the last Friday"),
    pytest.param("0 0 * * mon#1,thu#2", "2026-02-01", "02-02 02-12 03-02", id="n-ths in a list"),
    pytest.param("0 0 * * sat-mon", "2026-02-03", "02-07 02-08 02-09", id="over the week's end"),
    pytest.param("0 0 * * 7", "2026-02-02", "02-08 02-15 02-22", id="7 is Sunday"),
    pytest.param("0 0 31 * *", "2026-02-01", "03-31 05-31 07-31", id="months without a 31st"),
    pytest.param("0 0 1 nov-jan *", "2026-02-01", "11-01 12-01 01-01", id="over the year's end"),
    pytest.param("0 0 29 2 *", "2026-02-01", "02-29 02-29", id="29 February"),
    pytest.param("@weekly", "2026-02-01", "02-08 02-15 02-22", id="@weekly is Sunday"),
    pytest.param("@yearly", "2026-02-01", "01-01 01-01", id="@yearly is New Year"),
]


@pytest.mark.parametrize(("text", "start", "want"), DAYS)
def test_days_that_match(text: str, start: str, want: str) -> None:
    """Restrictions on both day fields: one is enough. Everything else must match."""
    found = islice(ticks(cron(text), utc(start), 1), len(want.split()))
    assert want == " ".join(tick.strftime("%m-%d") for tick in found)


def test_leap_day_is_found_over_a_century_without_one() -> None:
    """2100 is no leap year: from 29 February 2096 the next is eight years away."""
    schedule = cron("0 0 29 2 *")
    assert utc("2104-02-29") == next_tick(schedule, utc("2096-02-29"))
    assert utc("2096-02-29") == previous_tick(schedule, utc("2104-02-29"))


def test_multiples_count_from_the_epoch() -> None:
    """`everySeconds` has the same ticks whenever the workflow was created."""
    schedule = every(90)
    assert utc("1970-01-01T00:01:30") == next_tick(schedule, utc("1970-01-01"))
    assert utc("1970-01-01T00:03:00") == next_tick(schedule, utc("1970-01-01T00:01:30"))
    assert utc("1970-01-01") == previous_tick(schedule, utc("1970-01-01T00:01:30"))
    assert utc("1970-01-01T00:01:30") == previous_tick(schedule, utc("1970-01-01T00:01:31"))


@pytest.mark.parametrize("schedule", [cron("* * * * *", "Europe/Berlin"), every(60)], ids=str)
@pytest.mark.parametrize("end", [datetime.min, datetime.max])  # noqa: DTZ901 - given one below
def test_the_ends_of_time_have_no_tick(schedule: Schedule, end: datetime) -> None:
    """An absurd time in a status is answered, not an overflow."""
    assert next_tick(schedule, end.replace(tzinfo=UTC)) is None
    assert previous_tick(schedule, end.replace(tzinfo=UTC)) is None
