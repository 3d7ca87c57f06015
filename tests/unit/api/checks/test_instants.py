"""Instants as text: `headrace.api.checks.instants`."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.api.checks.instants import (
    from_the_second,
    read_time,
    read_time_or,
    to_the_second,
    write_time,
)

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
BERLIN = timezone(timedelta(hours=1))
ZONES = st.sampled_from([UTC, BERLIN])
INSTANTS = st.datetimes(datetime(1000, 1, 2), datetime(8999, 12, 31), timezones=ZONES)  # noqa: DTZ001 - hypothesis adds the zone


@pytest.mark.parametrize(
    ("text", "want"),
    [
        pytest.param("2026-11-22T01:30:00Z", datetime(2026, 11, 22, 1, 30, tzinfo=UTC), id="UTC"),
        pytest.param(
            "2026-11-22t01:30:00z", datetime(2026, 11, 22, 1, 30, tzinfo=UTC), id="small letters"
        ),
        pytest.param(
            "2026-11-22T01:30:00+01:00", datetime(2026, 11, 22, 1, 30, tzinfo=BERLIN), id="a zone"
        ),
        pytest.param(None, NOON, id="none"),
        pytest.param(7, NOON, id="no text"),
        pytest.param("tomorrow", NOON, id="no time"),
        pytest.param("2026-02-30T00:00:00Z", NOON, id="no such day"),
        pytest.param("2026-11-22T01:30:00", NOON, id="no zone"),
        pytest.param("0001-01-01T00:00:00+05:00", NOON, id="too far away"),
    ],
)
def test_an_instant_is_read_or_another_stands_for_it(text: object, want: datetime) -> None:
    """Whatever is in one run, those who look at all runs of a workflow go on."""
    assert want == read_time_or(text, NOON)


@given(INSTANTS)
def test_instants_are_read_back_the_same(instant: datetime) -> None:
    """To the microsecond, in whatever zone somebody wrote them."""
    assert instant == read_time(write_time(instant))


def test_an_instant_of_utc_is_written_with_a_z() -> None:
    """As Kubernetes writes it."""
    assert "2030-01-01T12:00:00.000001Z" == write_time(NOON.replace(microsecond=1))


def test_kubernetes_keeps_whole_seconds_in_utc() -> None:
    """Whatever zone and precision an instant comes with."""
    assert datetime(2030, 1, 1, 11, 0, 1, tzinfo=UTC) == to_the_second(
        datetime(2030, 1, 1, 12, 0, 1, 999_999, BERLIN)
    )


def test_no_instant_is_too_far_to_be_written() -> None:
    """At the ends of all years there is no date in UTC: no turn may fail by that."""
    east, west = timezone(timedelta(hours=5)), timezone(timedelta(hours=-5))
    first, last = datetime(1, 1, 1, tzinfo=east), datetime(9999, 12, 31, 23, tzinfo=west)
    assert "0001-01-01T00:00:00Z" == write_time(to_the_second(first))
    assert "9999-12-31T23:59:59Z" == write_time(to_the_second(last))


@given(INSTANTS)
def test_the_first_second_that_is_not_before(instant: datetime) -> None:
    """A wait that ends then never ends too early, and less than a second too late."""
    second = from_the_second(instant)
    assert 0 == second.microsecond
    assert timedelta(0) <= second - instant < timedelta(seconds=1)
