"""
The numbers that the report shows.

Knows the queries and their rows. Does not know how they are drawn or written.

A flight is late when it leaves 15 minutes or more after its time, as the United States' Bureau of
Transportation Statistics counts it. Shares are of the flights that were scheduled, in percent.
"""

from dataclasses import dataclass

from .database import Connection

TOTALS = """
select
    count(*),
    100 * avg((coalesce(dep_delay, 0) >= 15)::int),
    100 * avg(cancelled::int),
    median(dep_delay),
    count(distinct dest)
from departures
"""

# Hours with less than about a flight a day say little: a few bad evenings would move them.
BY_HOUR = """
select
    origin,
    sched_dep_minute // 60 as hour,
    count(*) as flights,
    100 * avg((cancelled or dep_delay >= 15)::int) as disturbed
from departures
group by all
having flights >= 300
order by origin, hour
"""

BY_VISIBILITY = """
select
    case
        when visib < 1 then 'under 1 mile'
        when visib < 3 then '1 to 3 miles'
        when visib < 6 then '3 to 6 miles'
        when visib < 10 then '6 to 10 miles'
        else '10 miles or more'
    end as sight,
    count(*) as flights,
    100 * avg((coalesce(dep_delay, 0) >= 15)::int) as late,
    100 * avg(cancelled::int) as cancelled
from departures
where visib is not null
group by sight
order by min(visib)
"""

BY_AIRLINE = """
select
    airline,
    count(*) as flights,
    100 * avg(cancelled::int) as cancelled,
    100 * avg((coalesce(dep_delay, 0) >= 15)::int) as late,
    median(dep_delay) as median_delay,
    quantile_cont(dep_delay, 0.9) as slow_delay,
    100 * avg((plane_match = 'matched')::int) as planes_known
from departures
group by airline
order by flights desc
"""


@dataclass(frozen=True, slots=True)
class Totals:
    """The year in five numbers."""

    flights: int
    late: float
    cancelled: float
    median_delay: float
    """Minutes; negative is early."""
    destinations: int


@dataclass(frozen=True, slots=True)
class Hour:
    """One airport's flights of one hour of the day."""

    origin: str
    hour: int
    flights: int
    disturbed: float
    """Share that left late or not at all."""


@dataclass(frozen=True, slots=True)
class Visibility:
    """The flights scheduled while one could see so far."""

    sight: str
    flights: int
    late: float
    cancelled: float


@dataclass(frozen=True, slots=True)
class Airline:
    """One airline's year."""

    name: str
    flights: int
    cancelled: float
    late: float
    median_delay: float
    slow_delay: float
    """Minutes of delay that one flight in ten exceeds."""
    planes_known: float
    """Share of flights whose plane is in the registry as an airliner."""


@dataclass(frozen=True, slots=True)
class Figures:
    """All numbers of the report."""

    totals: Totals
    hours: tuple[Hour, ...]
    visibilities: tuple[Visibility, ...]
    airlines: tuple[Airline, ...]


def measure(connection: Connection) -> Figures:
    """Return the report's numbers, measured on the view `departures`."""
    return Figures(
        totals=Totals(*connection.execute(TOTALS).fetchall()[0]),
        hours=tuple(Hour(*row) for row in connection.execute(BY_HOUR).fetchall()),
        visibilities=tuple(
            Visibility(*row) for row in connection.execute(BY_VISIBILITY).fetchall()
        ),
        airlines=tuple(Airline(*row) for row in connection.execute(BY_AIRLINE).fetchall()),
    )
