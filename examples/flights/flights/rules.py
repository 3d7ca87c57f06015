"""
What must be true of the cleaned tables before anyone may use them.

Knows the tables' columns and the limits. A check is one statement that gives one number; it passes
when the number is within its limits. Beside each limit stands what the real data has, so that
a reader can see how much room there is. To add a check, add an entry.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Check:
    """One promise about the data and how it is measured."""

    name: str
    promise: str
    """What holds when the check passes, in a sentence."""
    sql: str
    """A query with one row and one column, over the tables in `join.STAGED`."""
    at_most: float = 0
    at_least: float = 0
    unit: Literal["rows", "days", "%"] = "rows"


def exactly(name: str, promise: str, sql: str, rows: int) -> Check:
    """Return a check that counts rows of which there must be exactly so many."""
    return Check(name, promise, sql, at_most=rows, at_least=rows)


def share(name: str, promise: str, sql: str, at_most: float) -> Check:
    """Return a check of a share in percent; 0 of 0 rows is no share, and fails."""
    return Check(name, promise, sql, at_most=at_most, unit="%")


ROW_COUNTS = (  # the year is over: these tables do not grow
    exactly("rows-airlines", "All airlines are there.", "select count(*) from airlines", 16),
    exactly("rows-airports", "All airports are there.", "select count(*) from airports", 1_458),
    exactly("rows-flights", "All flights are there.", "select count(*) from flights", 336_776),
    exactly("rows-planes", "All planes are there.", "select count(*) from planes", 3_322),
    exactly(
        "rows-weather", "All hours of weather are there.", "select count(*) from weather", 26_115
    ),
    Check(
        "rows-joined",
        "The joins neither lost nor doubled a flight.",
        "select abs((select count(*) from departures) - (select count(*) from flights))",
    ),
    Check(
        "days-covered",
        "Each day of 2013 has flights.",
        "select count(distinct flight_date) from flights where year(flight_date) = 2013",
        at_least=365,
        at_most=365,
        unit="days",
    ),
    Check(
        "days-full",
        "No day has fewer than 600 flights.",  # Thanksgiving has 634
        "select count(*) from"
        " (select flight_date from flights group by flight_date having count(*) < 600)",
        unit="days",
    ),
)

KEYS = (
    Check(
        "key-airlines",
        "A carrier code means one airline.",
        "select count(*) - count(distinct carrier) from airlines",
    ),
    Check(
        "key-airports",
        "An airport code means one airport.",
        "select count(*) - count(distinct faa) from airports",
    ),
    Check(
        "key-flights",
        "A flight number leaves once at its scheduled time.",
        "select count(*) - count(distinct (flight_date, sched_dep_minute, carrier, flight, origin))"
        " from flights",
    ),
    Check(
        "key-planes",
        "A tail number means one plane.",
        "select count(*) - count(distinct tailnum) from planes",
    ),
    Check(
        "key-weather",
        "An airport has one weather in an hour.",
        "select count(*) - count(distinct (origin, time_hour)) from weather",
    ),
)

MATCHES = (
    Check(
        "match-airline",
        "Each flight's airline is known.",
        "select count(*) from departures where airline is null",
    ),
    Check(
        "match-origin",
        "Flights leave from New York's three airports, and these are known.",
        "select count(*) from flights where origin not in"
        " (select faa from airports where faa in ('EWR', 'JFK', 'LGA'))",
    ),
    share(
        "match-destination",
        "Few flights go to airports that are not in the table.",
        "select 100 * avg((dest_name is null)::int) from departures",
        at_most=3,  # 2.26: San Juan, Aguadilla, Ponce, St. Thomas
    ),
    share(
        "match-plane",
        "Few tail numbers are missing in the registry.",
        "select 100 * avg((plane_match = 'not in the registry')::int) from departures",
        at_most=17,  # 14.87: American and Envoy report fleet numbers
    ),
    share(
        "match-light-aircraft",
        "Few tail numbers hit a light aircraft.",
        "select 100 * avg((plane_match = 'another aircraft')::int) from departures",
        at_most=1,  # 0.72
    ),
    share(
        "match-weather",
        "Few flights are without weather.",
        "select 100 * avg((not weather_known)::int) from departures",
        at_most=1,  # 0.46: the weather ends a day early, and 24 hours have gaps
    ),
)

NULLS = (
    Check(
        "null-flight",
        "No flight lacks what makes it one.",
        "select count(*) from flights where flight_date is null or time_hour is null"
        " or carrier is null or flight is null or origin is null or dest is null"
        " or distance is null or sched_dep_minute is null or sched_arr_minute is null",
    ),
    share(
        "null-tail-number",
        "Few flights have no tail number.",
        "select 100 * avg((tailnum is null)::int) from flights",
        at_most=1,  # 0.75, each of them cancelled
    ),
    share(
        "null-departure",
        "Few flights are cancelled.",
        "select 100 * avg(cancelled::int) from flights",
        at_most=4,  # 2.45
    ),
    share(
        "null-arrival",
        "Few flights are diverted.",
        "select 100 * avg(diverted::int) from flights",
        at_most=1,  # 0.35
    ),
    share(
        "null-wind",
        "Few hours are without wind speed, and cleaning removed little of it.",
        "select 100 * avg((wind_speed is null)::int) from weather",
        at_most=0.1,  # 0.02: 4 never measured, 1 removed
    ),
    share(
        "null-pressure",
        "Not too many hours are without air pressure.",
        "select 100 * avg((pressure is null)::int) from weather",
        at_most=12,  # 10.45
    ),
    share(
        "null-position",
        "Few airports are without position, and cleaning removed little of it.",
        "select 100 * avg((lat is null or lon is null)::int) from airports",
        at_most=0.5,  # 0.21: the three that cleaning removed
    ),
)

RANGES = (
    Check(
        "range-delays",
        "Delays are between two hours early and a day late.",
        "select count(*) from flights where dep_delay not between -120 and 1440"  # -43 to 1301
        " or arr_delay not between -120 and 1440",  # -86 to 1272
    ),
    Check(
        "range-distance",
        "Distances are those of flights within the United States.",
        "select count(*) from flights where distance not between 10 and 5200",  # 17 to 4983
    ),
    Check(
        "range-speed",
        "No flight is slower than a car or faster than sound.",
        "select count(*) from flights where air_time <= 0"
        " or distance / air_time * 60 not between 60 and 760",  # 77 to 703 mph
    ),
    Check(
        "range-planes",
        "Seats, engines and year of each plane are possible.",
        "select count(*) from planes where seats not between 1 and 600"  # 2 to 450
        " or engines not between 1 and 4 or built not between 1950 and 2013",  # from 1956
    ),
    Check(
        "range-weather",
        "Temperature, humidity, visibility and rain are possible.",
        "select count(*) from weather where temp not between -20 and 115"  # °F: 11 to 100
        " or humid not between 0 and 100 or visib not between 0 and 10"
        " or precip not between 0 and 5",  # inches in an hour: to 1.21
    ),
)

AGREEMENT = (
    Check(
        "agree-delay",
        "Each departure delay is what lies between the two clock times.",
        "select count(*) from flights"
        " where (dep_minute - sched_dep_minute - dep_delay) % 1440 <> 0",
    ),
    Check(
        "agree-time-zone",
        "Each instant is the local hour in New York, on both sides of the clock changes.",
        "select count(*) from flights where time_hour at time zone 'America/New_York'"
        " <> flight_date + to_hours(sched_dep_minute // 60)",
    ),
    Check(
        "agree-cancelled",
        "A cancelled flight has no times and no delays.",
        "select count(*) from flights where cancelled"
        " and coalesce(dep_delay, arr_delay, arr_minute, air_time) is not null",
    ),
)

CHECKS: tuple[Check, ...] = (*ROW_COUNTS, *KEYS, *MATCHES, *NULLS, *RANGES, *AGREEMENT)
"""All checks, in the order in which they are told."""
