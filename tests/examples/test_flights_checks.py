"""The checks of the flights pipeline: each passes on the real data and fails on bad data."""

from collections.abc import Iterator

import pytest

from examples.conftest import GoodRun
from examples.flights.flights.checks import allowed, judge, number, table_of
from examples.flights.flights.database import Connection, database
from examples.flights.flights.layout import STAGED, Layout
from examples.flights.flights.results import Result
from examples.flights.flights.rules import CHECKS, Check, share

BY_NAME = {check.name: check for check in CHECKS}

DAMAGE = {
    "rows-airlines": "delete from airlines where carrier = 'OO'",
    "rows-airports": "insert into airports (faa) values ('XXX')",
    "rows-flights": "delete from flights where carrier = 'OO'",
    "rows-planes": "delete from planes where tailnum = 'N10156'",
    "rows-weather": "delete from weather where origin = 'EWR' and time_hour < '2013-01-01 07:00Z'",
    "rows-joined": "insert into departures from departures limit 1",
    "days-covered": "delete from flights where flight_date = '2013-11-28'",
    "days-full": "delete from flights where flight_date = '2013-11-28' and origin = 'JFK'",
    "key-airlines": "insert into airlines from airlines limit 1",
    "key-airports": "update airports set faa = 'EWR' where faa = 'JFK'",
    "key-flights": "insert into flights from flights limit 1",
    "key-planes": "insert into planes from planes limit 1",
    "key-weather": "insert into weather from weather limit 1",
    "match-airline": "update departures set airline = null where carrier = 'OO'",
    "match-origin": "update flights set origin = 'PHL' where carrier = 'OO'",
    "match-destination": "update departures set dest_name = null where dest = 'ATL'",
    "match-plane": "update departures set plane_match = 'not in the registry' where carrier = 'B6'",
    "match-light-aircraft": (
        "update departures set plane_match = 'another aircraft' where carrier = 'B6'"
    ),
    "match-weather": "update departures set weather_known = false where month(flight_date) = 7",
    "null-flight": "update flights set dest = null where carrier = 'OO'",
    "null-tail-number": "update flights set tailnum = null where carrier = 'AA'",
    "null-departure": "update flights set cancelled = true where carrier = 'AA'",
    "null-arrival": "update flights set diverted = true where carrier = 'WN'",
    "null-wind": "update weather set wind_speed = null where wind_speed > 25",
    "null-pressure": "update weather set pressure = null where origin = 'LGA'",
    "null-position": "update airports set lon = null where tzone = 'America/Anchorage'",
    "range-delays": "update flights set dep_delay = 1441 where carrier = 'OO'",
    "range-distance": "update flights set distance = 0 where carrier = 'OO'",
    "range-speed": "update flights set air_time = 0 where carrier = 'OO'",
    "range-planes": "update planes set seats = -seats where tailnum = 'N10156'",
    "range-weather": "update weather set temp = 400 where temp > 100",
    "agree-delay": "update flights set dep_minute = dep_minute + 60 where carrier = 'OO'",
    "agree-time-zone": "update flights set time_hour = time_hour + interval 1 hour",
    "agree-cancelled": "update flights set arr_delay = 0 where cancelled and carrier = 'OO'",
}
"""For each check, a mistake that it must find."""


@pytest.fixture(scope="module")
def tables(good: GoodRun) -> Iterator[Connection]:
    """Yield the real tables, cleaned and joined, as tables that a test may damage."""
    staged = Layout(good.data, good.name).staged
    with database() as connection:
        for name in STAGED:
            connection.read_parquet(str(staged(name))).create(name)
        yield connection


@pytest.fixture
def damageable(tables: Connection) -> Iterator[Connection]:
    """Yield the real tables; what a test does to them is undone."""
    tables.execute("begin")
    yield tables
    tables.execute("rollback")


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_each_check_passes_on_the_real_data(tables: Connection, check: Check) -> None:
    """The limits fit the flights of 2013."""
    assert judge(check, tables).passed


@pytest.mark.parametrize("name", DAMAGE)
def test_each_check_fails_on_the_mistake_that_it_is_for(damageable: Connection, name: str) -> None:
    """No check is there for show."""
    damageable.execute(DAMAGE[name])
    assert not judge(BY_NAME[name], damageable).passed


def test_each_check_has_a_mistake_that_it_must_find() -> None:
    """Who adds a check also adds the bad table that proves it; names are unique."""
    assert sorted(DAMAGE) == sorted(check.name for check in CHECKS)


@pytest.mark.parametrize(
    "check",
    [check for check in CHECKS if check.unit == "%" or check.at_least > 0],
    ids=lambda check: check.name,
)
def test_an_empty_table_is_never_good_data(damageable: Connection, check: Check) -> None:
    """A share of nothing, and a count of nothing, do not pass."""
    for table in STAGED:
        damageable.execute(f"delete from {table}")  # noqa: S608 - names from our own list
    assert not judge(check, damageable).passed


def test_a_check_without_rows_says_that_it_found_nothing(tables: Connection) -> None:
    """The log does not show a number that was not measured."""
    result = judge(share("a", "A.", "select avg(x) from range(0) t(x)", at_most=5), tables)
    assert not result.passed
    assert table_of([result]).split() == ["FAIL", "a", "nothing", "(at", "most", "5.00", "%)", "A."]


@pytest.mark.parametrize(
    ("check", "want"),
    [
        pytest.param(Check("a", "A.", ""), "exactly 0 rows", id="nothing of the kind"),
        pytest.param(Check("a", "A.", "", 9_000, 9_000), "exactly 9,000 rows", id="one number"),
        pytest.param(Check("a", "A.", "", 9, unit="days"), "at most 9 days", id="an upper limit"),
        pytest.param(Check("a", "A.", "", 9, 3), "3 rows to 9 rows", id="both limits"),
        pytest.param(Check("a", "A.", "", 2.5, unit="%"), "at most 2.50 %", id="a share"),
    ],
)
def test_limits_are_told_in_words(check: Check, want: str) -> None:
    """A reader of the log need not know how a check is written."""
    assert want == allowed(check)


def test_numbers_have_separators_and_units() -> None:
    """Large numbers stay readable."""
    want = ("336,776 rows", "14.87 %")
    assert want == (number(336_776, "rows"), number(14.8746, "%"))


def test_failed_checks_come_last_in_the_log() -> None:
    """The end of a log is where people look."""
    bad = Result("bad", passed=False, found="1 rows", allowed="exactly 0 rows", promise="None.")
    good = Result("good", passed=True, found="0 rows", allowed="exactly 0 rows", promise="All.")
    want = ["ok", "FAIL"]
    assert want == [line.split()[0] for line in table_of([bad, good]).splitlines()]
