"""
The text of a cron schedule: five fields, and the values of each.

Knows the grammar and the lengths of months. Knows no clock, time zone or tick:
`headrace.engine.workflow.cron` decides when a schedule fires.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from headrace.api.checks.cron_elsewhere import (
    WEEKDAYS,
    of_another_cron,
    of_another_scheduler,
)

ALIASES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}

LAST = -1
SATURDAY = 6
SUNDAY_AGAIN = 7
LONGEST_DAY = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

ITEM = re.compile(r"(?P<low>\*|\w+)(-(?P<high>\w+))?(/(?P<step>\d+))?")
NTH_WEEKDAY = re.compile(r"(?P<day>\w+)#(?P<nth>[1-5])")
LAST_WEEKDAY = re.compile(r"l(?P<day>\w+)", re.IGNORECASE)


class CronError(ValueError):
    """A cron text that cannot be used. The message names the field at fault and the cure."""


@dataclass(frozen=True, slots=True)
class Field:
    """The values that one of the five fields may have."""

    position: int
    name: str
    allowed: str
    """The allowed texts, for messages."""
    low: int
    high: int
    names: tuple[str, ...] = ()
    """Words for the values, from `low` on."""
    cyclic: bool = False
    """Whether a range may pass the end. `fri-mon` has only one meaning. `9-5` in the hour field is
    office time on a twelve-hour clock, and would run all night."""
    seconds: int | None = None
    """How long one step lasts, if `everySeconds` can replace it."""

    @property
    def top(self) -> int:
        """The highest value of `*`: Sunday is 0, and 7 only in a text."""
        return SATURDAY if self.high == SUNDAY_AGAIN else self.high


MINUTE = Field(1, "minute", "0-59", 0, 59, seconds=60)
HOUR = Field(2, "hour", "0-23", 0, 23, seconds=3600)
DAY = Field(3, "day of month", "1-31 or L for the last day", 1, 31)
MONTH = Field(4, "month", "1-12 or jan-dec", 1, 12, names=MONTHS, cyclic=True)
WEEKDAY_WORDS = "0-7 or sun-sat, 5#2 for the second and L5 for the last Friday"
WEEKDAY = Field(5, "day of week", WEEKDAY_WORDS, 0, SUNDAY_AGAIN, names=WEEKDAYS, cyclic=True)


@dataclass(frozen=True, slots=True)
class Cron:
    """The values of the five fields."""

    minutes: tuple[int, ...]
    """0 to 59, ascending."""
    hours: tuple[int, ...]
    """0 to 23, ascending."""
    days: frozenset[int] | None
    """Days of the month; -1 is the last one. None: any day."""
    months: frozenset[int]
    """1 to 12."""
    weekdays: frozenset[tuple[int, int]] | None
    """Pairs of a weekday (0 is Sunday) and its number in the month: 1 to 5, -1 for the last, 0 for
    each. None: any day. If `days` and `weekdays` are both given, one of them is enough."""
    elapsed: bool
    """Whether the minute or the hour field starts with `*`: such a schedule follows elapsed
    time, any other the clock on the wall."""


@lru_cache(maxsize=1024)
def read_cron(text: str) -> Cron:
    """
    Return the values of a cron text.

    Raises:
        CronError: The text cannot be used; the message names the field and the cure.

    """
    fields = _five_fields(text)
    minute, hour, day, month, weekday = (field.split(",") for field in fields)
    with _about(text, MINUTE, minute):
        minutes = _values(MINUTE, minute)
    with _about(text, HOUR, hour):
        hours = _values(HOUR, hour)
    with _about(text, MONTH, month):
        months = _values(MONTH, month)
    with _about(text, DAY, day):
        days = _days(day)
        _refuse_impossible_date(days, months)
    with _about(text, WEEKDAY, weekday):
        weekdays = _weekdays(weekday)
    _ask_the_second_reader(text)
    return Cron(
        minutes=tuple(sorted(minutes)),
        hours=tuple(sorted(hours)),
        days=None if "*" in day else days,
        months=months,
        weekdays=None if "*" in weekday else weekdays,
        elapsed=fields[0].startswith("*") or fields[1].startswith("*"),
    )


def _ask_the_second_reader(text: str) -> None:
    """Refuse texts that croniter refuses: a text must have the same meaning everywhere."""
    from croniter import CroniterError, croniter  # noqa: PLC0415 - only who has a cron pays for it

    try:
        croniter.expand(text.lower() if text.startswith("@") else text, strict=True)
    except CroniterError as error:
        raise CronError(f'cron "{text}": croniter cannot read it: {error}') from None


@contextmanager
def _about(text: str, field: Field, items: Iterable[str]) -> Iterator[None]:
    """Add the name of the field to an error inside, and refuse the items of other crons."""
    try:
        for item in items:
            _refuse_of_another_cron(field, item)
        yield
    except CronError as wrong:
        message = f'cron "{text}": {field.name} (field {field.position} of 5): {wrong}'
        raise CronError(message) from None


def _refuse_of_another_cron(field: Field, item: str) -> None:
    words = of_another_cron(field.position, item)
    if words:
        raise CronError(f'"{item}" {words}')


def _five_fields(text: str) -> list[str]:
    """Split the text into five fields, or refuse it."""
    plain = text.strip()
    if not plain.isascii():
        raise CronError(f'cron "{text}" has a character that is not ASCII; type the text again')
    plain = ALIASES.get(plain.lower(), plain)
    if cure := of_another_scheduler(plain):
        raise CronError(f'cron "{text}": {cure}')
    if plain.startswith("@"):
        cure = f"no such name; use one of {', '.join(ALIASES)}, or five fields"
        raise CronError(f'cron "{text}": {cure}')
    fields = plain.split()
    if len(fields) != WEEKDAY.position:
        more = len(fields) > WEEKDAY.position
        cure = "; there are no fields for seconds and years: leave them out" if more else ""
        raise CronError(
            f'cron "{text}" has {len(fields)} fields and needs 5:'
            f" minute, hour, day of month, month, day of week{cure}"
        )
    minute, hour, day, month, weekday = fields
    return [minute, hour, "*" if day == "?" else day, month, "*" if weekday == "?" else weekday]


def _days(items: list[str]) -> frozenset[int]:
    """Return the days of the month in a list."""
    plain = [item for item in items if item.upper() != "L"]
    return _values(DAY, plain) | ({LAST} if len(plain) < len(items) else set())


def _weekdays(items: list[str]) -> frozenset[tuple[int, int]]:
    """Return the pairs of a weekday and its number in the month, from a list."""
    pairs: set[tuple[int, int]] = set()
    for item in items:
        if nth := NTH_WEEKDAY.fullmatch(item):
            pairs.add((_number(WEEKDAY, nth["day"]) % 7, int(nth["nth"])))
        elif last := LAST_WEEKDAY.fullmatch(item):
            pairs.add((_number(WEEKDAY, last["day"]) % 7, LAST))
        else:
            pairs.update((number % 7, 0) for number in _values(WEEKDAY, [item]))
    if {0} < {which for _, which in pairs}:
        # croniter reads no such list, so other tools would refuse it too.
        raise CronError(
            "weekdays of every week and of one week a month cannot mix; make two triggers"
        )
    return frozenset(pairs)


def _values(field: Field, items: Iterable[str]) -> frozenset[int]:
    """Return the numbers of a list of items."""
    return frozenset(chain.from_iterable(_item(field, item) for item in items))


def _item(field: Field, item: str) -> Iterable[int]:
    """Return the numbers of `*`, `a`, `a-b` or one of these with a step."""
    match = ITEM.fullmatch(item)
    if match is None or (match["low"] == "*" and match["high"]):
        raise CronError(
            f'"{item}" cannot be read; write *, a value, a range a-b, one of these with a /step,'
            f" or several with commas and no spaces; allowed: {field.allowed}"
        )
    low = field.low if match["low"] == "*" else _number(field, match["low"])
    if match["high"]:
        high = _number(field, match["high"])
    else:
        high = field.top if match["low"] == "*" or match["step"] else low
    if match["high"] and high <= low:
        return _past_the_end(field, match, low, high)
    step = int(match["step"] or 1)
    _refuse_odd_step(field, low, high, step)
    return range(low, high + 1, step)


def _past_the_end(field: Field, match: re.Match[str], low: int, high: int) -> Iterable[int]:
    """Return the numbers of a range that passes the end of its field, like `fri-mon`."""
    if low == high:
        raise CronError(f'"{match[0]}" is a range of one value; write {match["low"]}')
    if not field.cyclic:
        raise CronError(
            f'"{match[0]}" ends before it begins; write'
            f" {match['low']}-{field.high},{field.low}-{match['high']} for a range past the end"
        )
    if match["step"]:
        raise CronError(f'"{match[0]}" has a step over the end of the range; list the values')
    return chain(range(low, field.high + 1), range(field.low, high + 1))


def _refuse_odd_step(field: Field, low: int, high: int, step: int) -> None:
    """Refuse a step that leaves one value: its author wanted something else."""
    if step == 0:
        raise CronError("a step of 0 never moves; write the value without a step")
    if step <= high - low + 1:
        return
    cure = f"write {low}"
    if field.seconds:
        cure += f", or `everySeconds: {step * field.seconds}` for every {step} {field.name}s"
    raise CronError(f"a step of {step} is longer than {low}-{high}, so only {low} is left; {cure}")


def _number(field: Field, word: str) -> int:
    """Return the number of a word in a field."""
    if word.lower() in field.names:
        return field.names.index(word.lower()) + field.low
    number = int(word) if word.isdecimal() else None
    if number is None or not field.low <= number <= field.high:
        raise CronError(f'"{word}" is not allowed; write {field.allowed}')
    return number


def _refuse_impossible_date(days: frozenset[int], months: frozenset[int]) -> None:
    """Refuse days that do not exist in these months, such as 30 February."""
    longest = max(LONGEST_DAY[month - 1] for month in months)
    if min(days) <= longest:
        return
    names = ", ".join(MONTHS[month - 1] for month in sorted(months))
    raise CronError(
        f"day {min(days)} never comes in {names}; use a day up to {longest}, or L for the last day"
    )
