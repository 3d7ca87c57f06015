"""The logical times of a backfill: `headrace.engine.backfill.plan`."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from headrace.api.v1alpha1.backfill import BackfillSpec
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.trigger import Schedule
from headrace.engine.backfill.plan import MOST, Plan, plan
from headrace.engine.workflow.cron import previous_tick, ticks
from headrace.engine.workflow.run_names import run_name

YEAR = ("2026-01-01T00:00:00Z", "2026-12-31T23:59:59Z")
BERLIN = ZoneInfo("Europe/Berlin")


def spec(start: str, end: str, **fields: Any) -> BackfillSpec:
    """Return a spec."""
    return BackfillSpec.model_validate({"workflow": "w", "from": start, "to": end, **fields})


def planned(given: BackfillSpec, *schedules: Schedule) -> Plan:
    """Return the plan, which there is."""
    found = plan(given, schedules)
    assert isinstance(found, Plan), found
    return found


def local(found: Plan, zone: ZoneInfo = BERLIN) -> list[str]:
    """Return the logical times on the wall."""
    return [f"{tick.at.astimezone(zone):%d.%m. %H:%M %Z}" for tick in found.ticks]


def minutes_of(hour: int, minute: int, zone: ZoneInfo) -> list[datetime]:
    """
    Walk over each minute of 2026, and return the first one of each local day at or past a time.

    The oracle: it knows nothing of folds and gaps, only what the clock on the wall shows.
    """
    at = datetime(2026, 1, 1, tzinfo=UTC)
    found: dict[str, datetime] = {}
    while at.year == 2026:
        wall = at.astimezone(zone)
        before = (at - timedelta(minutes=1)).astimezone(zone)
        wanted = wall.replace(hour=hour, minute=minute, tzinfo=None)
        jumped = before.replace(tzinfo=None) < wanted <= wall.replace(tzinfo=None)
        if jumped:
            found.setdefault(f"{wall:%Y-%m-%d}", at)
        at += timedelta(minutes=1)
    return list(found.values())


@pytest.mark.parametrize(
    ("zone", "hour", "minute"),
    [("Europe/Berlin", 2, 30), ("America/New_York", 1, 30), ("Australia/Lord_Howe", 2, 0)],
)
def test_a_year_over_two_changes_of_clocks_has_the_ticks_of_the_schedule(
    zone: str, hour: int, minute: int
) -> None:
    """The walk over each minute of the year finds the same nights, each once."""
    nightly = Schedule(cron=f"{minute} {hour} * * *", time_zone=zone)
    want = minutes_of(hour, minute, ZoneInfo(zone))
    found = planned(spec(*YEAR), nightly)
    assert want == [tick.at for tick in found.ticks]
    assert tuple(run_name("w", at) for at in want) == found.names
    assert len(set(found.names)) == len(found.names) == 365


def test_intervals_join_as_those_of_the_schedule_do() -> None:
    """Each begins at the tick before, the first one too."""
    nightly = Schedule(cron="30 2 * * *", time_zone="Europe/Berlin")
    found = planned(spec(*YEAR), nightly).ticks
    assert found[0].interval_start == previous_tick(nightly, found[0].at)
    assert all(one.at == other.interval_start for one, other in pairwise(found))


def test_both_ends_count() -> None:
    """A backfill of one instant has one run."""
    found = planned(spec("2026-01-02T00:00:00Z", "2026-01-04T00:00:00Z"), Schedule(cron="@daily"))
    assert [2, 3, 4] == [tick.at.day for tick in found.ticks]


def test_a_tick_that_schedules_share_is_one() -> None:
    """Of two schedules, the first one says where its interval begins."""
    hourly, daily = Schedule(cron="@hourly"), Schedule(cron="@daily")
    both = planned(spec("2026-01-02T00:00:00Z", "2026-01-02T02:00:00Z"), daily, hourly)
    assert [0, 1, 2] == [tick.at.hour for tick in both.ticks]
    assert 24 * 3600 == (both.ticks[0].at - both.ticks[0].interval_start).total_seconds()


@pytest.mark.parametrize("seconds", [60, 90, 3600])
def test_steps_of_seconds_begin_at_the_first_instant(seconds: int) -> None:
    """They follow elapsed time; each interval is one step."""
    given = spec(
        "2026-03-29T00:10:00Z", "2026-03-29T03:00:00Z", step="Seconds", stepSeconds=seconds
    )
    found = planned(given)
    step = timedelta(seconds=seconds)
    assert datetime(2026, 3, 29, 0, 10, tzinfo=UTC) == found.ticks[0].at
    assert {step} == {tick.at - tick.interval_start for tick in found.ticks}
    assert len(found.names) == len(set(found.names)) == (170 * 60) // seconds + 1


def test_days_keep_the_local_time() -> None:
    """A day is one of the calendar: the clocks change, and the time on the wall does not."""
    given = spec(
        "2026-03-28T02:30:00+01:00",
        "2026-03-31T00:00:00Z",
        step="Day",
        timeZone="Europe/Berlin",
    )
    want = ["28.03. 02:30 CET", "29.03. 03:00 CEST", "30.03. 02:30 CEST"]
    assert want == local(planned(given))


def test_months_keep_the_local_day_and_time() -> None:
    """The 28th is the last day that each month has."""
    given = spec(
        "2026-01-28T06:00:00+01:00", "2026-12-31T00:00:00Z", step="Month", timeZone="Europe/Berlin"
    )
    times = local(planned(given))
    assert 12 == len(times)
    assert {("28", "06:00")} == {(each[:2], each[7:12]) for each in times}


@pytest.mark.parametrize(
    ("given", "schedules", "want"),
    [
        pytest.param(
            spec(*YEAR),
            (),
            "spec.step: it is Schedule, and workflow w has no schedule",
            id="a schedule's ticks of a workflow without a schedule",
        ),
        pytest.param(
            spec("2026-01-02T00:00:01Z", "2026-01-02T23:00:00Z"),
            (Schedule(cron="@daily"),),
            "spec.to: there is no tick from 2026-01-02T00:00:01Z to 2026-01-02T23:00:00Z",
            id="a span between two ticks",
        ),
        pytest.param(
            spec(*YEAR),
            (Schedule(every_seconds=60),),
            "spec.to: there are more than 10000 logical times",
            id="a year of minutes",
        ),
        pytest.param(
            spec("2026-01-31T00:00:00Z", YEAR[1], step="Month"),
            (),
            "spec.from: not each month has a day 31; begin at a day up to 28",
            id="months of a day that some lack",
        ),
        pytest.param(
            spec("2026-01-01T00:00:30Z", YEAR[1], step="Day"),
            (),
            "spec.from: step Day repeats a whole minute; give 00:00:00",
            id="days at a second",
        ),
    ],
)
def test_a_backfill_without_logical_times_says_why(
    given: BackfillSpec, schedules: tuple[Schedule, ...], want: str
) -> None:
    """Each message names the field, and the cure."""
    found = plan(given, schedules)
    assert not isinstance(found, Plan)
    assert (Reason.NO_TICKS, want) == (found[0], found[1][: len(want)])


def test_the_limit_itself_is_allowed() -> None:
    """One more is not."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    end = start + timedelta(minutes=MOST - 1)
    given = spec(start.isoformat(), end.isoformat(), step="Seconds", stepSeconds=60)
    assert MOST == len(planned(given).ticks)


def test_ticks_are_those_that_the_schedule_itself_yields() -> None:
    """Also of a schedule that follows elapsed time."""
    quarter = Schedule(cron="*/15 * * * *", time_zone="Europe/Berlin")
    start, end = datetime(2026, 10, 25, tzinfo=UTC), datetime(2026, 10, 25, 4, tzinfo=UTC)
    found = planned(spec(start.isoformat(), end.isoformat()), quarter)
    want = list(islice(ticks(quarter, start - timedelta(seconds=1), 1), 17))
    assert want == [tick.at for tick in found.ticks]
