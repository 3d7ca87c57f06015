"""
Instants as text: the one form that the API has for them, read and written.

Knows RFC 3339. Knows no field and no clock.
"""

import re
from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta
from functools import lru_cache

TIME = (
    r"^[1-8][0-9]{3}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}([.,][0-9]{1,9})?"
    r"([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
)
"""Of the years 1000 to 8999: so every time has a date in every zone, and some left before it."""

FIRST_YEAR, LAST_YEAR = 1000, 8999

FIRST = datetime(MINYEAR, 1, 1, tzinfo=UTC)
LAST = datetime(MAXYEAR, 12, 31, 23, 59, 59, tzinfo=UTC)

_READABLE = re.compile(TIME).search


@lru_cache(maxsize=1024)  # the same status is read again and again
def read_time(text: str) -> datetime:
    """
    Read an instant in RFC 3339, with upper-case or lower-case letters.

    The API server reads the same forms. Python alone would read more.

    Raises:
        ValueError: if it is written in another way, or there is no such day or hour.

    """
    if _READABLE(text) is None:
        raise ValueError(f"{text!r} is no time of RFC 3339")
    return datetime.fromisoformat(text.upper())


def read_time_or(text: object, otherwise: datetime) -> datetime:
    """
    Return an instant that stands in a spec, or another one if there is none that can be read.

    Never raises: an odd time in one run must not harm the other runs of its workflow.
    """
    try:
        return read_time(text) if isinstance(text, str) else otherwise
    except ValueError:
        return otherwise


def write_time(instant: datetime) -> str:
    """
    Write an instant so that it is read back as the same: a difference would be a change.

    API types write theirs in the same form; a test compares both.
    """
    return instant.isoformat().replace("+00:00", "Z")


def to_the_second(instant: datetime) -> datetime:
    """
    Return an instant as Kubernetes keeps it: in UTC, in whole seconds.

    One that has no date in UTC, as it is of the first or last day of all years, is cut to that day.
    """
    try:
        there = instant.astimezone(UTC)
    except OverflowError:
        there = FIRST if instant.year == FIRST.year else LAST
    return there.replace(microsecond=0)


def from_the_second(instant: datetime) -> datetime:
    """Return the first whole second that is not before an instant, in UTC."""
    second = to_the_second(instant)
    return second if second >= instant else second + timedelta(seconds=1)


def fits_the_api(instant: datetime) -> bool:
    """Return whether the API has an instant, also rounded up to the second."""
    years = range(FIRST_YEAR, LAST_YEAR + 1)
    return to_the_second(instant).year in years and from_the_second(instant).year in years
