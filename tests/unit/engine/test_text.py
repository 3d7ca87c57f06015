"""Texts as the API takes them: `headrace.engine.text`."""

from datetime import datetime, timedelta, timezone

from headrace.engine.text import LONGEST_MESSAGE, clip, listed, rfc3339


def test_a_text_that_fits_stays_as_it_is() -> None:
    """Up to the last character that is allowed."""
    assert "x" * LONGEST_MESSAGE == clip("x" * LONGEST_MESSAGE)


def test_a_text_that_is_too_long_is_cut_and_marked() -> None:
    """Its beginning stays; characters count, not bytes, as the API server counts."""
    cut = clip("é" * 5000)
    assert LONGEST_MESSAGE == len(cut)
    assert cut.endswith("é…")


def test_of_many_names_the_first_are_listed() -> None:
    """And the number of the others."""
    assert "a" == listed(["a"], 2)
    assert "a, b" == listed(["a", "b"], 2)
    assert "a, b and 3 more" == listed(["a", "b", "c", "d", "e"], 2)


def test_instants_are_written_in_utc_and_whole_seconds() -> None:
    """As Kubernetes writes them, whatever zone and precision they come with."""
    berlin = timezone(timedelta(hours=2))
    assert "2030-06-01T10:00:01Z" == rfc3339(datetime(2030, 6, 1, 12, 0, 1, 999_999, berlin))
