"""Which tasks were started, as ranges: `headrace.engine.ranges`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.ranges import read, write


@pytest.mark.parametrize(
    ("positions", "text"),
    [
        (set(), ""),
        ({0}, "0"),
        ({0, 1, 2}, "0-2"),
        ({0, 2}, "0,2"),
        (set(range(42)) | {43}, "0-41,43"),
        ({7, 3, 4, 9, 8}, "3-4,7-9"),
    ],
)
def test_positions_are_written_as_ranges(positions: set[int], text: str) -> None:
    """Lowest first, and as short as can be."""
    assert text == write(positions)
    assert positions == read(text)


@given(st.sets(st.integers(0, 10_000)))
def test_what_was_written_is_read_back(positions: set[int]) -> None:
    """No position is lost or added."""
    assert positions == read(write(positions))


def test_a_run_of_any_size_stays_small() -> None:
    """The worst case of 5,000 tasks fits into the field."""
    assert len(write(range(0, 5000, 2))) <= 65_536


@pytest.mark.parametrize("text", ["a", "1-", "-1", "3-1", "1--2", "0-99999999999", "1;2"])
def test_what_somebody_else_wrote_is_refused(text: str) -> None:
    """It is no list of positions, and none of a billion tasks."""
    with pytest.raises(ValueError, match=r"invalid literal|no range"):
        read(text)
