"""
The meaning of a plain word of YAML in kubectl: text, a number, true, false or nothing.

kubectl reads YAML 1.1 with go-yaml's own exceptions (no base 60, times stay text); a test on a real
cluster compares word by word. Knows words; knows no file and no field.
"""

import re
from math import isfinite

Scalar = bool | int | float | str | None

WORDS: dict[str, Scalar] = {
    **dict.fromkeys(
        ("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True
    ),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off"), False),
    **dict.fromkeys(("OFF",), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}

WHOLE = re.compile(
    r"(?P<sign>[-+]?)(?:0x(?P<hex>[0-9a-f]+)|0b(?P<bin>[01]+)|0o?(?P<oct>[0-7]+)|(?P<dec>0|[1-9]\d*))",
    re.IGNORECASE | re.ASCII,
)
BASES = {"hex": 16, "bin": 2, "oct": 8, "dec": 10}
FRACTION = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
LONGEST_WHOLE = 80
"""The most characters of a whole number that is read by digits: more than 64 bits need."""

NUMBER_FIRST = frozenset("+-.0123456789")
SMALLEST, LARGEST = -(2**63), 2**63 - 1


def meaning(word: str) -> Scalar:
    """Return the meaning of a plain word; a number unknown to JSON (.nan) stays as it is."""
    if word in WORDS:
        return WORDS[word]
    if word[0] not in NUMBER_FIRST:
        return word
    digits = word.replace("_", "") if word[0] != "." else word
    whole = WHOLE.fullmatch(digits) if len(digits) <= LONGEST_WHOLE else None
    if whole is not None:
        kind = str(whole.lastgroup)
        value = int(f"{whole['sign']}{whole[kind]}", BASES[kind])
        return value if SMALLEST <= value <= LARGEST else float(value)
    if FRACTION.fullmatch(digits) is None:
        return word
    number = float(digits)
    if not isfinite(number):
        return word
    return int(number) if number.is_integer() and SMALLEST <= number <= LARGEST else number


def surprising(word: str, value: Scalar) -> bool:
    """Return whether the author of a word may have meant something else."""
    if isinstance(value, str):
        return False
    return word not in {"true", "false", "null", "~", ""} and word != str(value)
