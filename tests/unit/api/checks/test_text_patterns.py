"""Patterns that people write: `headrace.api.checks.text_patterns`."""

from time import process_time

import pytest

from headrace.api.checks.text_patterns import fits, unreadable


@pytest.mark.parametrize(
    ("pattern", "text", "want"),
    [
        ("[a-z]+", "abc", True),
        ("[a-z]+", "abc1", False),
        ("[a-z]+", "1abc", False),
        ("a|b", "b", True),
        ("a|b", "ab", False),
        ("[a-z]+", "abc\n", False),
        (".*", "a\nb", False),
        ("(?s).*", "a\nb", True),
    ],
)
def test_the_whole_of_a_text_must_match(pattern: str, text: str, *, want: bool) -> None:
    """Also its end: a line break there has passed many a check."""
    assert want is fits(pattern, text)


@pytest.mark.parametrize("pattern", ["[", "a{", "(?=a)b", r"(a)\1", "*", "(?P<n>a"])
def test_what_cannot_be_read_is_told(pattern: str) -> None:
    """Look-around and references back need time without a bound, so RE2 has none."""
    cause = unreadable(pattern)
    assert cause
    assert "\n" not in cause


def test_no_pattern_takes_long() -> None:
    """The controller matches patterns of anybody who may write a template."""
    began = process_time()
    assert not fits("(a*)*b", "a" * 32_000)
    assert not fits("(a|a)*(a|a)*(a|a)*c", "a" * 32_000)
    assert process_time() - began < 2
