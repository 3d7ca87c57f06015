"""Ages, the older the coarser: `headrace.views.ages`."""

from datetime import UTC, datetime, timedelta

import pytest

from headrace.views.ages import age

NOW = datetime(2030, 1, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expected", "length"),
    [
        ("0s", {"seconds": -5}),
        ("41s", {"seconds": 41}),
        ("3m20s", {"seconds": 200}),
        ("45m", {"minutes": 45, "seconds": 59}),
        ("2h5m", {"hours": 2, "minutes": 5}),
        ("26h", {"hours": 26, "minutes": 59}),
        ("3d4h", {"days": 3, "hours": 4}),
        ("3d", {"days": 3}),
        ("9d", {"days": 9, "hours": 23}),
    ],
)
def test_an_age_is_as_coarse_as_kubectl_writes_it(expected: str, length: dict[str, int]) -> None:
    """Clocks that differ make none negative."""
    assert expected == age(NOW - timedelta(**length), NOW)


def test_what_has_not_begun_has_no_age() -> None:
    """The cell stays empty."""
    assert not age(None, NOW)
