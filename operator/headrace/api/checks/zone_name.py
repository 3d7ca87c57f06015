"""
The name of a time zone: a place's, or UTC. What people write instead is refused, with the place.

Knows the IANA's names, as the package `tzdata` has them. Knows no clock and no schedule.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib.resources import files

from headrace.api.checks.similar import closest

EXAMPLE = "name a place, like Europe/Berlin"

NO_PLACE: Mapping[str, str] = {
    "EST": "is UTC-5 all year, while New York has daylight saving; name a place, like"
    " America/New_York, or America/Panama, which has no daylight saving",
    "MST": "is UTC-7 all year, while Denver has daylight saving; name a place, like"
    " America/Denver, or America/Phoenix, which has no daylight saving",
    "HST": "is UTC-10 all year; name a place, like Pacific/Honolulu, or America/Adak, which has"
    " daylight saving",
    "Factory": f"means that nobody has chosen a zone yet; {EXAMPLE}, or UTC",
}
"""
Names of the IANA that are refused: they stand for no place, and for no daylight saving where their
readers expect it. CET, EET, MET, WET, EST5EDT and the like follow daylight saving; GMT, Zulu and
the like are other names of UTC; ROC, W-SU and the like are old names of one place each.
"""

PLACES: Mapping[str, str] = {
    **dict.fromkeys(("EST", "EDT", "ET"), "America/New_York"),
    **dict.fromkeys(("CDT", "CT"), "America/Chicago"),
    **dict.fromkeys(("MST", "MDT", "MT"), "America/Denver"),
    **dict.fromkeys(("PST", "PDT", "PT"), "America/Los_Angeles"),
    **dict.fromkeys(("AKST", "AKDT"), "America/Anchorage"),
    **dict.fromkeys(("AST", "ADT"), "America/Halifax"),
    **dict.fromkeys(("NST", "NDT"), "America/St_Johns"),
    **dict.fromkeys(("CEST", "MEST", "MEZ", "MESZ"), "Europe/Berlin"),
    **dict.fromkeys(("AEST", "AEDT", "AET"), "Australia/Sydney"),
    **dict.fromkeys(("ACST", "ACDT"), "Australia/Adelaide"),
    **dict.fromkeys(("NZST", "NZDT"), "Pacific/Auckland"),
    "AWST": "Australia/Perth",
    "BRT": "America/Sao_Paulo",
    "BST": "Europe/London",
    "CAT": "Africa/Maputo",
    "CST": "America/Chicago or Asia/Shanghai",
    "EAT": "Africa/Nairobi",
    "EEST": "Europe/Athens",
    "GST": "Asia/Dubai",
    "HKT": "Asia/Hong_Kong",
    "IST": "Asia/Kolkata, Europe/Dublin or Asia/Jerusalem",
    "JST": "Asia/Tokyo",
    "KST": "Asia/Seoul",
    "MSK": "Europe/Moscow",
    "PKT": "Asia/Karachi",
    "SAST": "Africa/Johannesburg",
    "SGT": "Asia/Singapore",
    "TRT": "Europe/Istanbul",
    "WAT": "Africa/Lagos",
    "WEST": "Europe/Lisbon",
}
"""By abbreviation: the place that most people mean."""

SPOKEN: Mapping[str, str] = {
    "eastern": "America/New_York",
    "central": "America/Chicago or Europe/Berlin",
    "mountain": "America/Denver",
    "pacific": "America/Los_Angeles",
}
"""By the first word of names like Eastern Standard Time, which Windows has."""

OFFSET = re.compile(
    r"(?:UTC|GMT|Z)?\s*(?P<sign>[+-])\s*(?P<hours>\d{1,2})(?P<more>.*)", re.IGNORECASE
)
NO_MINUTES = re.compile(r"(?::?00)?\s*")
FIXED = re.compile(r"Etc/GMT(?P<sign>[+-])(?P<hours>[1-9]\d?)")
ABBREVIATION = re.compile(r"[A-Z]{2,5}")
SHELL_RULE = re.compile(r"(?:<[-+\w]+>|[A-Za-z]{3,})[-+]?\d.*")
SPOKEN_NAME = re.compile(r"(?P<first>[a-z]+) (?:.* )?time", re.IGNORECASE)
OF_A_MACHINE = frozenset({"local", "localtime", "posixrules", "system"})
FOLDERS = re.compile(r":|posix/|right/")
"""What stands before names in /usr/share/zoneinfo and in the variable TZ."""


@lru_cache(maxsize=1)
def known_zones() -> frozenset[str]:
    """
    Return the names of all time zones that a schedule may have.

    The names come from the package `tzdata` and not from the machine. So the controller and a
    laptop accept the same names, letter case included.
    """
    names = files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()
    return frozenset(names) - NO_PLACE.keys()


def zone_problem(name: str) -> str | None:
    """Return what is wrong with the name of a zone, and the cure; None if nothing is."""
    if name == "UTC" or name in known_zones():
        return None
    folder = FOLDERS.match(name)
    plain = name[folder.end() :] if folder else name
    words = _no_place(plain)
    if words:
        return f'"{plain}" {words}'
    near = close_zone(plain)
    hint = f'did you mean "{near}"?' if near else "use an IANA name like Europe/Berlin"
    return f'there is no zone "{name}"; {hint}'


def offset_words(name: str) -> str | None:
    """Say what a zone that is a fixed offset means; None of any other. Its sign misleads many."""
    fixed = FIXED.fullmatch(name)
    if fixed is None or name not in known_zones():
        return None
    sign, side = ("-", "west") if fixed["sign"] == "+" else ("+", "east")
    return f"{name} is UTC{sign}{fixed['hours']}: its sign counts hours to the {side}"


def close_zone(name: str) -> str | None:
    """Return the known zone that looks most like a name, if any does."""
    zones = sorted(known_zones())
    by_city = {zone.rpartition("/")[2]: zone for zone in zones}
    wanted = name.replace(" ", "_")
    city = closest(wanted, by_city, likeness=0.8)
    return closest(wanted, zones, likeness=0.8) or (by_city[city] if city is not None else None)


def _no_place(name: str) -> str | None:
    """Say what a name is that is no place's, and the cure."""
    return next((words for reading in READINGS if (words := reading(name))), None)


def _of_the_iana(name: str) -> str | None:
    by_lower = {name.lower(): words for name, words in NO_PLACE.items()}
    return by_lower.get(name.lower())


def _offset(name: str) -> str | None:
    offset = OFFSET.fullmatch(name)
    if offset is None:
        return None
    return f"is an offset, which cannot follow daylight saving; {EXAMPLE}{_fixed(offset)}"


def _fixed(offset: re.Match[str]) -> str:
    """Name the zone that is an offset of whole hours."""
    sign, hours = offset["sign"], int(offset["hours"])
    if not NO_MINUTES.fullmatch(offset["more"]):
        return ""
    if hours == 0:
        return ", or UTC"
    zone = f"Etc/GMT{'-' if sign == '+' else '+'}{hours}"
    return f", or {zone} for UTC{sign}{hours} all year" if zone in known_zones() else ""


def _abbreviation(name: str) -> str | None:
    place = PLACES.get(name.upper())
    if place is None and not ABBREVIATION.fullmatch(name):
        return None
    cure = f"name a place, like {place}" if place else EXAMPLE
    return f"is an abbreviation, which is not unique, or holds half of the year; {cure}"


def _spoken(name: str) -> str | None:
    spoken = SPOKEN_NAME.fullmatch(name)
    if spoken is None:
        return None
    place = SPOKEN.get(spoken["first"].lower())
    cure = f"name a place, like {place}" if place else EXAMPLE
    return f"is what people say, and no name of the IANA; {cure}"


def _of_a_machine(name: str) -> str | None:
    return f"is what a machine is set to; {EXAMPLE}" if name.lower() in OF_A_MACHINE else None


def _letter(name: str) -> str | None:
    return "is a letter for UTC; write UTC" if name.upper() == "Z" else None


def _rule_of_a_shell(name: str) -> str | None:
    return f"is a rule for the variable TZ; {EXAMPLE}" if SHELL_RULE.fullmatch(name) else None


READINGS: tuple[Callable[[str], str | None], ...] = (
    _of_the_iana,
    _offset,
    _abbreviation,
    _spoken,
    _of_a_machine,
    _letter,
    _rule_of_a_shell,
)
"""What a name may be that is no place's. The first that fits says it."""
