"""Metadata of objects, and Kubernetes' own times: `headrace.kube.objects`."""

from datetime import datetime, timedelta, timezone

from headrace.kube.objects import micro_time


def test_micro_times_have_six_digits_in_utc() -> None:
    """Also of a whole second: Go's reader of Leases and Events takes no other form."""
    berlin = timezone(timedelta(hours=2))
    assert "2030-06-01T10:00:01.000000Z" == micro_time(datetime(2030, 6, 1, 12, 0, 1, 0, berlin))
