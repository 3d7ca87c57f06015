"""Texts as the API takes them: `headrace.engine.text`."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from headrace.engine.text import LONGEST_MESSAGE, clip, duration, listed, rfc3339, time_taken


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


@pytest.mark.parametrize(
    ("seconds", "want", "with_tenths"),
    [
        pytest.param(-5, "0s", "0.0s", id="clocks that disagree"),
        pytest.param(0, "0s", "0.0s", id="no time"),
        pytest.param(0.44, "0s", "0.4s", id="less than a second"),
        pytest.param(9.94, "10s", "9.9s", id="less than ten seconds"),
        pytest.param(41.4, "41s", "41s", id="seconds"),
        pytest.param(59.7, "1m", "1m", id="rounded up to a minute"),
        pytest.param(200, "3m20s", "3m20s", id="minutes and seconds"),
        pytest.param(3600, "1h", "1h", id="an hour"),
        pytest.param(3605, "1h", "1h", id="an hour and seconds"),
        pytest.param(7500, "2h5m", "2h5m", id="hours and minutes"),
    ],
)
def test_durations_are_written_for_people(seconds: float, want: str, with_tenths: str) -> None:
    """As kubectl does; a quick task on a laptop in tenths of a second."""
    length = timedelta(seconds=seconds)
    assert (want, with_tenths) == (duration(length), duration(length, tenths=True))


def test_what_has_not_ended_has_no_duration() -> None:
    """It would change with every look."""
    begin = datetime(2030, 1, 1, tzinfo=UTC)
    assert "41s" == time_taken(begin, begin + timedelta(seconds=41))
    assert time_taken(begin, None) is None
    assert time_taken(None, begin) is None
