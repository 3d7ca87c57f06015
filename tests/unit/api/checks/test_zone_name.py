"""Which names of time zones are taken: `headrace.api.checks.zone_name`."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from headrace.api.checks.zone_name import (
    NO_PLACE,
    PLACES,
    SPOKEN,
    known_zones,
    offset_words,
    zone_problem,
)

TAKEN = [
    pytest.param("UTC", "the default", id="UTC"),
    pytest.param("Etc/UTC", "its full name", id="Etc/UTC"),
    pytest.param("GMT", "another name of UTC", id="GMT"),
    pytest.param("GMT0", "another name of UTC", id="GMT0"),
    pytest.param("Zulu", "another name of UTC", id="Zulu"),
    pytest.param("Europe/Berlin", "a place", id="a place"),
    pytest.param("America/Argentina/Buenos_Aires", "a place", id="a place in three parts"),
    pytest.param("US/Pacific", "an old name of one place", id="US/Pacific"),
    pytest.param("ROC", "Taiwan, and nothing else", id="ROC"),
    pytest.param("W-SU", "Moscow, and nothing else", id="W-SU"),
    pytest.param("GB", "Britain, and nothing else", id="GB"),
    pytest.param("EST5EDT", "New York, with daylight saving", id="EST5EDT"),
    pytest.param("CST6CDT", "Chicago, with daylight saving", id="CST6CDT"),
    pytest.param("CET", "follows daylight saving", id="CET"),
    pytest.param("EET", "follows daylight saving", id="EET"),
    pytest.param("Etc/GMT+5", "an offset by its name; `validate` says which", id="Etc/GMT+5"),
]


@pytest.mark.parametrize(("name", "why"), TAKEN)
def test_a_name_is_taken(name: str, why: str) -> None:
    """It means one clock, and the one that its readers expect."""
    assert why
    assert zone_problem(name) is None


REFUSED = [
    ("EST", '"EST" is UTC-5 all year, while New York has daylight saving; name a place, like'),
    ("EST", "like America/New_York, or America/Panama, which has no daylight saving"),
    ("MST", "like America/Denver, or America/Phoenix, which has no daylight saving"),
    ("HST", "like Pacific/Honolulu"),
    ("est", "like America/New_York"),
    ("posix/EST", '"EST" is UTC-5 all year'),
    ("EDT", '"EDT" is an abbreviation, which is not unique, or holds half of the year'),
    ("EDT", "name a place, like America/New_York"),
    ("edt", "name a place, like America/New_York"),
    ("PST", "name a place, like America/Los_Angeles"),
    ("CST", "name a place, like America/Chicago or Asia/Shanghai"),
    ("IST", "name a place, like Asia/Kolkata, Europe/Dublin or Asia/Jerusalem"),
    ("CEST", "name a place, like Europe/Berlin"),
    ("MESZ", "name a place, like Europe/Berlin"),
    ("XYZT", "is an abbreviation, which is not unique, or holds half of the year"),
    ("Factory", '"Factory" means that nobody has chosen a zone yet'),
    ("Eastern Standard Time", "is what people say, and no name of the IANA; name a place, like Am"),
    ("Pacific time", "name a place, like America/Los_Angeles"),
    ("W. Europe Standard Time", 'there is no zone "W. Europe Standard Time"; use an IANA name'),
    ("Tokyo Standard Time", "is what people say, and no name of the IANA"),
    ("localtime", '"localtime" is what a machine is set to; name a place'),
    ("Local", '"Local" is what a machine is set to'),
    ("posixrules", "is what a machine is set to"),
    ("Z", "write UTC"),
    ("utc", 'did you mean "UTC"?'),
    ("gmt", 'did you mean "GMT"?'),
    ("roc", 'did you mean "ROC"?'),
    ("europe/berlin", 'did you mean "Europe/Berlin"?'),
    ("Berlin", 'there is no zone "Berlin"; did you mean "Europe/Berlin"?'),
    ("Europe/Berln", 'did you mean "Europe/Berlin"?'),
    ("New York", 'did you mean "America/New_York"?'),
    ("posix/Asia/Tokyo", 'there is no zone "posix/Asia/Tokyo"; did you mean "Asia/Tokyo"?'),
    ("right/Asia/Tokyo", 'did you mean "Asia/Tokyo"?'),
    (":Asia/Tokyo", 'did you mean "Asia/Tokyo"?'),
    ("UTC+2", '"UTC+2" is an offset, which cannot follow daylight saving; name a place'),
    ("UTC+2", ", or Etc/GMT-2 for UTC+2 all year"),
    ("+02:00", ", or Etc/GMT-2 for UTC+2 all year"),
    ("-0500", ", or Etc/GMT+5 for UTC-5 all year"),
    ("GMT-5", ", or Etc/GMT+5 for UTC-5 all year"),
    ("+00:00", "like Europe/Berlin, or UTC"),
    ("+05:30", "is an offset, which cannot follow daylight saving; name a place, like Europe/Berl"),
    ("EST5", '"EST5" is a rule for the variable TZ; name a place'),
    ("CET-1CEST,M3.5.0,M10.5.0/3", "is a rule for the variable TZ"),
    ("<+03>-3", "is a rule for the variable TZ"),
    (
        "../../etc/passwd",
        'there is no zone "../../etc/passwd"; use an IANA name like',
    ),
    ("", "use an IANA name like Europe/Berlin"),
]


@pytest.mark.parametrize(("name", "part"), REFUSED)
def test_a_name_is_refused_with_the_cure(name: str, part: str) -> None:
    """The message says what the name is, and which place to write."""
    assert part in str(zone_problem(name))


def test_no_half_hour_is_named_as_an_offset_of_whole_hours() -> None:
    """There is no fixed zone for it."""
    assert "Etc/" not in str(zone_problem("+05:30"))
    assert "Etc/" not in str(zone_problem("UTC+15"))


@pytest.mark.parametrize("words", [*NO_PLACE.values(), *PLACES.values(), *SPOKEN.values()])
def test_each_place_that_is_named_as_a_cure_is_taken(words: str) -> None:
    """Whoever follows the advice is not refused again."""
    places = re.findall(r"[A-Z]\w+/\w+", words)
    assert places
    assert [] == [place for place in places if zone_problem(place)]


def test_no_zone_without_a_place_stands_still_while_its_readers_change_their_clocks() -> None:
    """What is named after its own abbreviation is UTC, or follows daylight saving."""
    still = []
    for name in sorted(known_zones()):
        place = ZoneInfo(name)
        days = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in range(365)]
        offsets = {day.astimezone(place).utcoffset() for day in days}
        if "/" not in name and days[0].astimezone(place).tzname() == name and len(offsets) == 1:
            still.append((name, offsets.pop()))
    assert [("GMT", timedelta(0)), ("UTC", timedelta(0))] == still


OFFSETS = [
    ("Etc/GMT+5", "Etc/GMT+5 is UTC-5: its sign counts hours to the west"),
    ("Etc/GMT-14", "Etc/GMT-14 is UTC+14: its sign counts hours to the east"),
    ("Etc/GMT+0", None),
    ("Etc/GMT+13", None),
    ("Europe/Berlin", None),
]


@pytest.mark.parametrize(("name", "want"), OFFSETS)
def test_what_a_fixed_offset_means_is_said(name: str, want: str | None) -> None:
    """The sign is the other way round than in UTC-5."""
    assert want == offset_words(name)


@pytest.mark.parametrize("hours", range(-14, 13))
def test_what_is_said_of_a_fixed_offset_is_what_its_clock_shows(hours: int) -> None:
    """Words and clock agree."""
    name = f"Etc/GMT{hours:+d}"
    words = offset_words(name) or f"{name} is UTC:"
    shown = datetime(2026, 7, 1, tzinfo=ZoneInfo(name)).utcoffset()
    assert timedelta(hours=-hours) == shown
    assert words.startswith(f"{name} is UTC{f'{-hours:+d}' if hours else ''}:")
