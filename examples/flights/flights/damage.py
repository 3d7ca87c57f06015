"""
A bad table, to see that the checks stop it.

Knows the mistakes of a careless export: lost rows, doubled rows, impossible values.
"""

DAMAGED_PLANES = """
create or replace table incoming as
with numbered as (
    select *, row_number() over (order by tailnum) as line from incoming
), damaged as (
    select * replace (case when line % 11 = 0 then -seats else seats end as seats)
    from numbered
    where line % 4 <> 0                            -- one plane in four is lost
)
select * exclude (line) from damaged
union all
select * exclude (line) from damaged where line % 7 = 0  -- and some come twice
"""
"""Damages the planes in the table `incoming`; the same rows each time, so a retry is harmless."""
