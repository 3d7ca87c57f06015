"""Instants in specs: `headrace.manifests.times`."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from headrace.manifests.times import given_time

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
BERLIN = timezone(timedelta(hours=1))


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
    assert want == given_time(text, otherwise=NOON)
