"""
What is wrong in the tables as they come, and what is done about it.

Knows, for each table, the statement that makes `<table>` from `raw_<table>`. Drops no row: what
cannot be right becomes null, so that counting rows stays a check on the whole way.
"""

AIRLINES = "create table airlines as from raw_airlines order by carrier"

# Three airports lie in China or the Arctic by their coordinates (DVT and MYF have the longitude's
# sign lost, EEN has latitude and longitude swapped). The box is the United States with Alaska's
# westernmost islands beyond the date line, and their territories in the Caribbean.
AIRPORTS = """
create table airports as
with judged as (
    select *, lat between 17 and 72 and (lon between -180 and -60 or lon > 172) as in_box
    from raw_airports
)
select
    faa,
    name,
    case when in_box then lat end as lat,
    case when in_box then lon end as lon,
    alt,
    case when in_box then tzone end as tzone
from judged
order by faa
"""

# `speed` is empty for 99.3 % of the planes and is left out. Some tail numbers are a carrier's fleet
# numbers and hit somebody else's light aircraft in the registry (a two-seat Zodiac would have flown
# JetBlue's passengers to San Francisco), so a plane under 20 seats is not taken for an airliner.
PLANES = """
create table planes as
select
    tailnum,
    year as built,
    type,
    manufacturer,
    model,
    engines,
    seats,
    engine,
    seats >= 20 as airliner
from raw_planes
order by tailnum
"""

# EWR reports 1,048 mph of wind for one hour of February. The strongest gust ever measured on
# the ground had 253 mph.
WEATHER = """
create table weather as
select
    origin,
    time_hour,
    temp,
    dewp,
    humid,
    wind_dir,
    case when wind_speed <= 253 then wind_speed end as wind_speed,
    case when wind_gust <= 253 then wind_gust end as wind_gust,
    precip,
    pressure,
    visib
from raw_weather
order by origin, time_hour
"""

# Clock times come as the number HHMM, midnight as 2400. They become minutes after midnight of the
# local day, 0 to 1439. Two kinds of missing times are told apart: a flight that never left is
# cancelled, one that left and has no time in the air was diverted.
FLIGHTS = """
create table flights as
select
    make_date(year, month, day) as flight_date,
    time_hour,
    carrier,
    flight,
    tailnum,
    origin,
    dest,
    distance,
    (sched_dep_time // 100 * 60 + sched_dep_time % 100) % 1440 as sched_dep_minute,
    (dep_time // 100 * 60 + dep_time % 100) % 1440 as dep_minute,
    (sched_arr_time // 100 * 60 + sched_arr_time % 100) % 1440 as sched_arr_minute,
    (arr_time // 100 * 60 + arr_time % 100) % 1440 as arr_minute,
    dep_delay,
    arr_delay,
    air_time,
    dep_time is null as cancelled,
    dep_time is not null and air_time is null as diverted
from raw_flights
order by time_hour, origin, carrier, flight, sched_dep_minute
"""

CLEANING = (AIRLINES, AIRPORTS, PLANES, WEATHER, FLIGHTS)
"""The statements in an order in which they can run."""
