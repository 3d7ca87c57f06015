"""
What other schedulers write in a cron text, and this one does not: the cure for each.

Knows their words (Quartz, Jenkins, EventBridge, robfig/cron). Knows no value of a field.
"""

import re
from typing import Final

DAY: Final = 3
WEEKDAY: Final = 5
ANY: Final = frozenset(range(1, 6))
SHORTEST_INTERVAL: Final = 60

A_ZONE = "cron has no field for a zone; write `timeZone` next to `cron`"
AN_INTERVAL = "an interval is written as `everySeconds` instead of `cron`, like `everySeconds: 300`"
STARTS = (
    (
        "@reboot",
        (
            "@reboot is not a time: a restart of the controller says nothing about your data; leave"
            " `triggers` out to run once at creation, or use `onApply: {}` to run at each change"
        ),
    ),
    ("tz=", A_ZONE),
    ("cron_tz=", A_ZONE),
    ("cron(", "the fields stand alone here: leave `cron( )` and the year out"),
    ("rate(", AN_INTERVAL),
    ("every", AN_INTERVAL),
    ("@every", "@every is written as `everySeconds` instead of `cron`, like `everySeconds: 300`"),
)
"""How a whole text starts, and what to do instead."""

EVERY = re.compile(
    r"@every\s+(?=\d)(?:(?P<h>\d{1,4})h)?(?:(?P<m>\d{1,5})m)?(?:(?P<s>\d{1,7})s)?", re.IGNORECASE
)
SECONDS = {"h": 3600, "m": 60, "s": 1}

WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
ITEMS = (
    (ANY, r"[hr](\(.*\))?(/.*)?", "is a hashed or random value; write the value that you want"),
    (
        {DAY, WEEKDAY},
        r"\d+w|w\d+|lw|wl|l-\d+w",
        "(nearest weekday) is not known; list days, or L for the last",
    ),
    (
        {DAY},
        r"l-\d+.*",
        (
            "counts back from the last day, which is not known; write L for the last day, or a day"
            " that each month has, like 28"
        ),
    ),
    (
        {DAY},
        r"(?P<day>[12]?\d|30)-l",
        "ends with the last day; write {day}-31, which does so in each month",
    ),
    ({DAY}, r"l/.*", "has a step after the last day; write L"),
    (
        {DAY},
        r"l[0-7a-z]+|([0-7]|[a-z]{3})l|.*#.*",
        "is no day of the month; write a day of the week in the fifth field, like 5#2 or L5",
    ),
    (
        {WEEKDAY},
        r"l",
        (
            "is the last day of the month, in the third field; write sat for the last day of the"
            " week, or L6 for the last Saturday of the month"
        ),
    ),
    ({WEEKDAY}, r"(?P<day>[0-7]|[a-z]{3})l", "has L on the other side here; write L{number}"),
    ({WEEKDAY}, r"l(?P<day>[a-z]{3})", "needs the number of the day; write L{number}"),
    (
        {WEEKDAY},
        r"l-.*|.*-l",
        "is no day of the week; write L5 for the last Friday of the month, or a range like mon-fri",
    ),
    (
        {WEEKDAY},
        r"(?P<day>[0-7]|[a-z]{3})#(?![1-5]$).*",
        "is no week of a month; write {day}#1 to {day}#5, or L{number} for the last",
    ),
)
"""In which fields, what stands there, and what to do about it."""


def of_another_scheduler(text: str) -> str | None:
    """Return what to write instead of a text that another scheduler knows; None of any other."""
    every = EVERY.fullmatch(text)
    if every is not None:
        return _every(sum(int(every[unit] or 0) * size for unit, size in SECONDS.items()))
    return next((cure for start, cure in STARTS if text.lower().startswith(start)), None)


def of_another_cron(position: int, item: str) -> str | None:
    """
    Return what is wrong with an item that another cron knows; None of any other.

    Args:
        position: Of the field, from 1.
        item: What stands there between two commas.

    """
    for positions, pattern, words in ITEMS:
        match = re.fullmatch(pattern, item, re.IGNORECASE)
        if position in positions and match:
            day = match.groupdict().get("day", "")
            return words.format(day=day, number=_number(day.lower()))
    return None


def _number(weekday: str) -> str:
    """Return the number of a day of the week; what is no name of one, as it is."""
    return str(WEEKDAYS.index(weekday)) if weekday in WEEKDAYS else weekday


def _every(seconds: int) -> str:
    cure = "is written as `everySeconds` instead of `cron`"
    if seconds < SHORTEST_INTERVAL:
        return f"@every {cure}, and is at least {SHORTEST_INTERVAL} seconds"
    return f"@every {cure}: `everySeconds: {seconds}`"
