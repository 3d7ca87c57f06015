"""
`strftime(timestamp, format, zone)`: the text of an instant, in a time zone.

Every clause gives the same text on every machine: names are English, years have four digits.
"""

import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from headrace.api.checks.zone_name import zone_problem
from headrace.engine.definition.expressions.functions.function import (
    Function,
    Kind,
    bounded_text,
)

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)
LONGEST_CLAUSE = 32
"""More characters than any clause becomes."""

CLAUSE = re.compile(r"%(.?)", re.DOTALL)

CLAUSES: dict[str, Callable[[datetime], str]] = {
    "Y": lambda at: f"{at.year:04}",
    "y": lambda at: f"{at.year % 100:02}",
    "m": lambda at: f"{at.month:02}",
    "d": lambda at: f"{at.day:02}",
    "e": lambda at: f"{at.day:2}",
    "j": lambda at: f"{at.timetuple().tm_yday:03}",
    "H": lambda at: f"{at.hour:02}",
    "I": lambda at: f"{(at.hour - 1) % 12 + 1:02}",
    "p": lambda at: "AM" if at.hour < 12 else "PM",  # noqa: PLR2004 - noon
    "M": lambda at: f"{at.minute:02}",
    "S": lambda at: f"{at.second:02}",
    "f": lambda at: f"{at.microsecond:06}",
    "F": lambda at: f"{at.year:04}-{at.month:02}-{at.day:02}",
    "T": lambda at: f"{at.hour:02}:{at.minute:02}:{at.second:02}",
    "A": lambda at: DAYS[at.weekday()],
    "a": lambda at: DAYS[at.weekday()][:3],
    "B": lambda at: MONTHS[at.month - 1],
    "b": lambda at: MONTHS[at.month - 1][:3],
    "u": lambda at: str(at.isoweekday()),
    "w": lambda at: str(at.isoweekday() % 7),
    "G": lambda at: f"{at.isocalendar().year:04}",
    "V": lambda at: f"{at.isocalendar().week:02}",
    "z": lambda at: at.strftime("%z"),
    "Z": lambda at: at.tzname() or "",
    "s": lambda at: str(int(at.timestamp())),
    "%": lambda _: "%",
}
"""By letter, as in Python's `strftime`: what a clause becomes."""


def _strftime(instant: datetime, form: str, zone: str) -> str:
    problem = zone_problem(zone)
    if problem is not None:
        raise ValueError(problem)
    local = instant.astimezone(_zone(zone))
    bounded_text(len(form) + form.count("%") * LONGEST_CLAUSE)
    return CLAUSE.sub(lambda clause: _written(clause[1], local), form)


def _written(letter: str, local: datetime) -> str:
    write = CLAUSES.get(letter)
    if write is None:
        known = " ".join(f"%{each}" for each in CLAUSES)
        raise ValueError(f"%{letter} is no clause of a format; there are {known}")
    return write(local)


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


INSTANTS = (
    Function("strftime", Kind.STRING, (Kind.TIMESTAMP, Kind.STRING, Kind.STRING), _strftime),
)
