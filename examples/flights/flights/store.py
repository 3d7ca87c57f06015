"""
Step 4a: store the checked tables as Parquet files and as one DuckDB file.

Knows formats and what an analyst should be told about the columns. Does not publish anything.

    python -m flights.store
"""

import logging

from .contract import Context, Outputs, run_task
from .database import add_views, database
from .layout import DATABASE, STAGED, Layout, layout_of, written_whole

log = logging.getLogger(__name__)

PUNCTUALITY = """
create view punctuality as
select
    flight_date,
    origin,
    carrier,
    any_value(airline) as airline,
    count(*) as flights,
    count(*) filter (cancelled) as cancelled,
    count(*) filter (dep_delay >= 15) as late,
    median(dep_delay) as median_delay
from departures
group by flight_date, origin, carrier
"""

COMMENTS = """
comment on table departures is 'One row per flight that was to leave New York in 2013';
comment on column departures.flight_date is 'Local day in New York';
comment on column departures.time_hour is 'Hour of the scheduled departure, an instant';
comment on column departures.sched_dep_minute is 'Minutes after midnight, New York';
comment on column departures.sched_arr_minute is 'Minutes after midnight, at the destination';
comment on column departures.dep_delay is 'Minutes; early is negative; null if cancelled';
comment on column departures.air_time is 'Minutes; null if cancelled or diverted';
comment on column departures.distance is 'Miles';
comment on column departures.plane_match is 'Whether the columns plane_… can be trusted';
comment on column departures.temp is 'Degrees Fahrenheit at the origin';
comment on column departures.wind_speed is 'Miles per hour at the origin';
comment on column departures.visib is 'Miles; 10 is as far as the instrument sees';
comment on view punctuality is 'Flights of a day, airport and airline; late: 15 minutes or more';
"""


def store(context: Context) -> Outputs:
    """Write the tables to the release folder, small and in the order of time."""
    layout = layout_of(context)
    _store_parquet(layout)
    _store_database(layout)
    files = [layout.release / f"{table}.parquet" for table in STAGED]
    files.append(layout.release / DATABASE)
    for file in files:
        log.info("%-20s %6s KiB", file.name, f"{file.stat().st_size // 1024:,}")
    return {"files": len(files), "bytes": sum(file.stat().st_size for file in files)}


def _store_parquet(layout: Layout) -> None:
    with database() as connection:
        add_views(connection, STAGED, layout.staged)
        for table in STAGED:
            with written_whole(layout.release / f"{table}.parquet") as partial:
                connection.table(table).write_parquet(str(partial), compression="zstd")


def _store_database(layout: Layout) -> None:
    with written_whole(layout.release / DATABASE) as partial, database(partial) as connection:
        for table in STAGED:
            connection.read_parquet(str(layout.staged(table))).create(table)
        connection.execute(PUNCTUALITY)
        connection.execute(COMMENTS)


if __name__ == "__main__":
    run_task(store)
