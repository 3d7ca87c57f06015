"""
Step 2: clean the five tables and join them into one row per flight.

Knows which keys belong together. Does not judge the result.

    python -m flights.join
"""

import logging

from .clean import CLEANING
from .contract import Context, Outputs, run_task
from .database import add_views, database
from .layout import STAGED, layout_of, written_whole
from .source import TABLES

log = logging.getLogger(__name__)

# Every join keeps all flights: a key that matches nothing is counted by the checks, not hidden by a
# lost row. Weather is joined on the instant and not on local day and hour, which come twice
# when the clocks go back.
JOIN = """
create table departures as
select
    f.*,
    l.name as airline,
    a.name as dest_name,
    a.tzone as dest_zone,
    case
        when f.tailnum is null then 'no tail number'
        when p.tailnum is null then 'not in the registry'
        when not p.airliner then 'another aircraft'
        else 'matched'
    end as plane_match,
    case when p.airliner then p.built end as plane_built,
    case when p.airliner then p.manufacturer end as plane_manufacturer,
    case when p.airliner then p.model end as plane_model,
    case when p.airliner then p.seats end as plane_seats,
    w.time_hour is not null as weather_known,
    w.temp,
    w.humid,
    w.wind_dir,
    w.wind_speed,
    w.wind_gust,
    w.precip,
    w.pressure,
    w.visib
from flights f
left join airlines l on l.carrier = f.carrier
left join airports a on a.faa = f.dest
left join planes p on p.tailnum = f.tailnum
left join weather w on w.origin = f.origin and w.time_hour = f.time_hour
order by f.time_hour, f.origin, f.carrier, f.flight, f.sched_dep_minute
"""


def join(context: Context) -> Outputs:
    """Write the cleaned tables and the joined one to the staging folder."""
    layout = layout_of(context)
    layout.check_results.unlink(missing_ok=True)  # what was checked before is about other tables
    rows: dict[str, int] = {}
    with database() as connection:
        add_views(connection, TABLES, layout.raw, prefix="raw_")
        for statement in (*CLEANING, JOIN):
            connection.execute(statement)
        for table in STAGED:
            with written_whole(layout.staged(table)) as partial:
                connection.table(table).write_parquet(str(partial))
            rows[table] = len(connection.table(table))
            log.info("%s: %s rows", table, f"{rows[table]:,}")
    return rows


if __name__ == "__main__":
    run_task(join)
