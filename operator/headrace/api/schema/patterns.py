"""
The patterns of the API in words.

Knows regular expressions only.
"""

from headrace.api.checks.instants import TIME
from headrace.api.v1alpha1.for_each import PERCENT
from headrace.api.v1alpha1.items import RANGES
from headrace.api.v1alpha1.task import TEMPLATE

ANY_WORD = r"^\S+$"


A_LABEL = "lower-case letters, digits and '-', beginning and ending with a letter or digit"


WORDS = {
    r"^[a-z]([-a-z0-9]*[a-z0-9])?$": "lower-case letters, digits and '-', beginning with a letter"
    " and ending with a letter or digit",
    r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$": A_LABEL,
    r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$": "lower-case letters, digits, '-' and '.', beginning and"
    " ending with a letter or digit",
    r"^[a-zA-Z]([a-zA-Z0-9_]*)$": "letters, digits and '_', beginning with a letter",
    r"^[-._a-zA-Z][-._a-zA-Z0-9]*$": "letters, digits, '_', '-' and '.', not beginning with a"
    " digit",
    r"^[-._a-zA-Z0-9]+$": "letters, digits, '_', '-' and '.'",
    r"^[!-~]+$": "letters, digits and signs of ASCII, without spaces",
    r"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$": "letters, digits, '-', '_' and '.', beginning"
    " and ending with a letter or digit",
    r"^[0-9]+(\.[0-9]{1,9})?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$": "a number with one of the units"
    " m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi, Ei or none, like 500m or 512Mi",
    TIME: "a time with its zone, like 2026-11-22T02:30:00Z",
    PERCENT: "a share, like 10%",
    RANGES: "ranges of numbers, like 0-7,9",
    TEMPLATE: "a template's name and version, like http@v1",
    r"^[^/\\]": "the path of a file beside this one",
    r"^/": "an absolute path, like /work",
    ANY_WORD: "an image's name without spaces, like python:3.13-slim",
}
"""The patterns of the API, in words that follow "use"."""


def pattern_words(pattern: str) -> str:
    """Return the allowed texts of a pattern, in words."""
    return WORDS.get(pattern, f"text that matches {pattern}")
