"""How a cron text is read, and what is refused: `headrace.api.checks.cron_text`."""

from typing import Any

import pytest
from croniter import croniter
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.api.checks.cron_text import Cron, CronError, read_cron

UNHURRIED = settings(deadline=None)  # a loaded machine is no defect
PLENTY = settings(deadline=None, max_examples=300)


def cron(**fields: Any) -> Cron:
    """Return what `0 0 * * *` stands for, with some fields changed."""
    midnight: dict[str, Any] = {
        "minutes": (0,),
        "hours": (0,),
        "days": None,
        "months": frozenset(range(1, 13)),
        "weekdays": None,
        "elapsed": False,
    }
    return Cron(**(midnight | fields))


WEEKEND_AND_MONDAY = frozenset({(5, 0), (6, 0), (0, 0), (1, 0)})

READ = [
    pytest.param("0 0 * * *", cron(), id="midnight"),
    pytest.param("@daily", cron(), id="@daily is midnight"),
    pytest.param(" 0  9,17 ? * ? ", cron(hours=(9, 17)), id="? restricts nothing"),
    pytest.param("5/20 0 * * *", cron(minutes=(5, 25, 45)), id="a start with a step"),
    pytest.param("10-20/5 0 * * *", cron(minutes=(10, 15, 20)), id="a range with a step"),
    pytest.param("30,0,30 0 * * *", cron(minutes=(0, 30)), id="a list, sorted, each value once"),
    pytest.param("*/30 0 * * *", cron(minutes=(0, 30), elapsed=True), id="* in the minutes"),
    pytest.param("0 */12 * * *", cron(hours=(0, 12), elapsed=True), id="* in the hours"),
    pytest.param("0 0-23/12 * * *", cron(hours=(0, 12)), id="the same hours on the wall"),
    pytest.param("0 0 * JAN,feb *", cron(months=frozenset({1, 2})), id="names in any case"),
    pytest.param("0 0 * nov-jan *", cron(months=frozenset({11, 12, 1})), id="over the year's end"),
    pytest.param("0 0 * * fri-mon", cron(weekdays=WEEKEND_AND_MONDAY), id="over the week's end"),
    pytest.param("0 0 * * 5-7,1", cron(weekdays=WEEKEND_AND_MONDAY), id="7 is Sunday"),
    pytest.param("0 0 15,L * *", cron(days=frozenset({15, -1})), id="the last day"),
    pytest.param("0 0 * * fri#2,L0", cron(weekdays=frozenset({(5, 2), (0, -1)})), id="the n-th"),
    pytest.param("0 0 * * 7#1,L7", cron(weekdays=frozenset({(0, 1), (0, -1)})), id="n-th Sunday"),
    pytest.param("0 0 * * *,5", cron(), id="* in a list restricts nothing"),
]


@pytest.mark.parametrize(("text", "want"), READ)
def test_a_text_is_read(text: str, want: Cron) -> None:
    """Each field becomes the values that it stands for."""
    assert want == read_cron(text)


REFUSED = [
    ("0 * * *", "has 4 fields and needs 5: minute, hour, day of month, month, day of week"),
    ("0 0 0 * * *", "has 6 fields and needs 5"),
    ("0 0 0 * * *", "there are no fields for seconds and years: leave them out"),
    ("0 0 * * * 2030 *", "has 7 fields"),
    ("60 * * * *", 'minute (field 1 of 5): "60" is not allowed; write 0-59'),
    ("0 24 * * *", 'hour (field 2 of 5): "24" is not allowed; write 0-23'),
    ("0 0 32 * *", 'day of month (field 3 of 5): "32" is not allowed; write 1-31 or L'),
    ("0 0 0 * *", 'day of month (field 3 of 5): "0" is not allowed'),
    ("0 0 1 13 *", 'month (field 4 of 5): "13" is not allowed; write 1-12 or jan-dec'),
    ("0 0 * * 8", 'day of week (field 5 of 5): "8" is not allowed; write 0-7 or sun-sat'),
    ("0 0 * * monday", '"monday" is not allowed; write 0-7 or sun-sat'),
    (
        "0 0 L-3 * *",
        '"L-3" counts back from the last day, which is not known; write L for the',
    ),
    ("0 0 L-3 * *", "or a day that each month has, like 28"),
    ("0 0 l-3w * *", '"l-3w" (nearest weekday) is not known'),
    ("0 0 LW * *", '"LW" (nearest weekday) is not known; list days, or L for the last'),
    ("0 0 28-L * *", '"28-L" ends with the last day; write 28-31, which does so in each month'),
    ("0 0 L/2 * *", '"L/2" has a step after the last day; write L'),
    ("0 0 5L * *", '"5L" is no day of the month; write a day of the week in the fifth field'),
    ("0 0 L5 * *", '"L5" is no day of the month; write a day of the week in the fifth field'),
    ("0 0 2#1 * *", "write a day of the week in the fifth field, like 5#2 or L5"),
    ("0 0 * * 5L", '"5L" has L on the other side here; write L5'),
    ("0 0 * * FRIL", '"FRIL" has L on the other side here; write L5'),
    ("0 0 * * Lfri", '"Lfri" needs the number of the day; write L5'),
    ("0 0 * * L", '"L" is the last day of the month, in the third field; write sat for the last'),
    ("0 0 * * L-3", '"L-3" is no day of the week; write L5 for the last Friday of the month'),
    ("0 0 * * LW", '"LW" (nearest weekday) is not known'),
    ("0 0 * * 5#6", '"5#6" is no week of a month; write 5#1 to 5#5, or L5 for the last'),
    ("0 0 * * fri#L", '"fri#L" is no week of a month; write fri#1 to fri#5, or L5 for the last'),
    ("L * * * *", '"L" is not allowed; write 0-59'),
    ("0 0 * L *", '"L" is not allowed; write 1-12 or jan-dec'),
    ("0 0 * * mon#1,thu", "cannot mix; make two triggers"),
    ("0 0 15W * *", '"15W" (nearest weekday) is not known; list days, or L for the last'),
    ("1, 2 * * * *", "has 6 fields"),
    ("1,,2 * * * *", 'minute (field 1 of 5): "" cannot be read; write *, a value, a range'),
    ("-5 * * * *", '"-5" cannot be read'),
    ("*-5 * * * *", '"*-5" cannot be read'),
    ("? * * * *", '"?" cannot be read'),
    ("0 0 * ? *", 'month (field 4 of 5): "?" cannot be read'),
    ("0 0 *,32 * *", 'day of month (field 3 of 5): "32" is not allowed'),
    ("0 0 * * *,nonday", 'day of week (field 5 of 5): "nonday" is not allowed'),
    ("*/0 * * * *", "a step of 0 never moves; write the value without a step"),
    ("*/90 * * * *", "or `everySeconds: 5400` for every 90 minutes"),
    ("0 */36 * * *", "or `everySeconds: 129600` for every 36 hours"),
    ("0 0 */40 * *", "a step of 40 is longer than 1-31, so only 1 is left; write 1"),
    ("0 9-5 * * *", '"9-5" ends before it begins; write 9-23,0-5 for a range past the end'),
    ("5-5 * * * *", '"5-5" is a range of one value; write 5'),
    ("0 0 * * fri-mon/2", "has a step over the end of the range; list the values"),
    ("0 0 30 2 *", "day of month (field 3 of 5): day 30 never comes in feb; use a day up to 29"),
    ("0 0 31 feb,apr *", "day 31 never comes in feb, apr; use a day up to 30, or L"),
    ("0 0 30 2 1", "day 30 never comes in feb"),
    ("H * * * *", '"H" is a hashed or random value; write the value that you want'),
    ("H(0-9)/5 * * * *", "is a hashed or random value"),
    ("0 R * * *", "hour (field 2 of 5): "),
    ("@reboot", "@reboot is not a time"),
    ("@every 5m", "instead of `cron`: `everySeconds: 300`"),
    ("@every 1h30m", "`everySeconds: 5400`"),
    ("@Every 30s", "is at least 60 seconds"),
    ("@every day", "instead of `cron`, like `everySeconds: 300`"),
    ("every 5 minutes", "instead of `cron`, like `everySeconds: 300`"),
    ("rate(5 minutes)", "instead of `cron`, like `everySeconds: 300`"),
    ("cron(0 12 * * ? *)", "leave `cron( )` and the year out"),
    ("@fortnightly", "no such name; use one of @hourly, @daily"),
    ("TZ=Europe/Berlin 0 0 * * *", "write `timeZone` next to `cron`"),
    ("CRON_TZ=UTC 0 0 * * *", "write `timeZone` next to `cron`"),
    ("0\u00a00 * * *", "a character that is not ASCII"),
    ("\u0663 * * * *", "a character that is not ASCII"),
    (" ", "has 0 fields"),
]


@pytest.mark.parametrize(("text", "part"), REFUSED)
def test_a_text_is_refused_with_the_field_and_the_cure(text: str, part: str) -> None:
    """The message quotes the text, names the field and says what to write."""
    with pytest.raises(CronError) as refusal:
        read_cron(text)
    assert part in str(refusal.value)
    assert f'cron "{text}"' in str(refusal.value)


@pytest.mark.parametrize(
    "text",
    ["0 0 28-31 * *", "0 0 * * L6", "0 0 * * sat", "0 0 * * L5", "0 0 * * 5#5", "0 0 * * fri#1"],
)
def test_what_is_named_as_a_cure_can_be_read(text: str) -> None:
    """Whoever follows the advice is not refused again."""
    assert read_cron(text).minutes


@pytest.mark.parametrize(
    "text",
    ["0 0 29 2 *", "0 0 31 2,3 *", "0 0 L 2 *", "0 0 * 2 1#5", "*/60 * * * *", "0 0 1-31 2 *"],
)
def test_what_happens_at_times_is_not_refused(text: str) -> None:
    """A date that comes in some years or some of the months is a date."""
    assert read_cron(text).minutes


FIELDS = (
    st.integers(0, 60).map(str) | st.sampled_from(["*", "08"]),
    st.integers(0, 24).map(str) | st.just("*"),
    st.integers(0, 32).map(str) | st.sampled_from(["*", "L"]),
    st.integers(0, 13).map(str) | st.sampled_from(["*", "jan", "MAR", "dec"]),
    st.integers(0, 8).map(str) | st.sampled_from(["*", "sun", "Mon", "sat"]),
)
STEPS = st.sampled_from(["", "", "", "/1", "/2", "/5", "/7", "/15"])


def lists(words: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return fields made of such words, most of them good."""
    items = st.builds("{}{}".format, words, STEPS)
    ranges = st.builds("{}-{}{}".format, words, words, STEPS)
    return st.lists(items | words | ranges, min_size=1, max_size=3).map(",".join)


TEXTS = st.tuples(*map(lists, FIELDS)).map(" ".join)


def values(cron_field: frozenset[int] | tuple[int, ...] | None) -> set[int | str]:
    """Return the values of a field as croniter writes them."""
    return {"*"} if cron_field is None else {"l" if n == -1 else n for n in cron_field}


def covered(field: list[Any], every: range) -> set[int | str]:
    """Return croniter's values with `*` written out."""
    return set(every) if "*" in field else set(field)


@PLENTY
@given(st.sampled_from(range(5)).flatmap(lambda n: st.tuples(st.just(n), lists(FIELDS[n]))))
def test_what_is_read_is_what_croniter_reads(field: tuple[int, str]) -> None:
    """A text that is accepted is accepted by an independent library, with the same values."""
    fields = ["0", "0", "*", "*", "*"]
    fields[field[0]] = field[1]
    text = " ".join(fields)
    try:
        got = read_cron(text)
    except CronError:
        return
    want, _ = croniter.expand(text)
    assert covered(want[0], range(60)) == set(got.minutes)
    assert covered(want[1], range(24)) == set(got.hours)
    assert covered(want[3], range(1, 13)) == set(got.months)
    if got.days is not None and "*" not in want[2]:
        assert set(want[2]) == values(got.days)
    if got.weekdays is not None and "*" not in want[4]:
        assert set(want[4]) == {weekday for weekday, _ in got.weekdays}


@UNHURRIED
@given(st.text(max_size=40) | TEXTS)
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing but a refusal comes out of a bad text."""
    try:
        got = read_cron(text)
    except CronError:
        return
    assert got.minutes
    assert got.hours
    assert got.months
