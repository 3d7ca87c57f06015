"""Sets of places as ranges: `headrace.engine.places`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.places import NO_PLACES, Places

SETS = st.sets(st.integers(0, 99))


@pytest.mark.parametrize(
    ("want", "places"),
    [("", []), ("0", [0]), ("0-2", [2, 0, 1]), ("0-1,5,7-9", [0, 1, 5, 7, 8, 9])],
)
def test_places_are_written_as_ranges(want: str, places: list[int]) -> None:
    """Lowest first, neighbours together."""
    assert want == str(Places.of(places))


@given(SETS)
def test_what_is_written_is_read_back(places: set[int]) -> None:
    """A difference would be an item that runs twice, or never."""
    assert Places.of(places) == Places.read(str(Places.of(places)), 100)


@given(SETS, SETS)
def test_sets_of_places_are_sets(one: set[int], other: set[int]) -> None:
    """Each operation gives what Python's sets give."""
    first, second = Places.of(one), Places.of(other)
    assert sorted(one) == list(first)
    assert len(one) == len(first)
    assert bool(one) == bool(first)
    assert one | other == set(first | second)
    assert one & other == set(first & second)
    assert one - other == set(first - second)
    assert one & other == set(second.among(one))
    assert all((place in one) == (place in first) for place in range(101))


def test_the_first_places_are_those_below_their_number() -> None:
    """The items of a task, before any of them ran."""
    assert "0-2" == str(Places.first(3))
    assert NO_PLACES == Places.first(0)


@pytest.mark.parametrize("text", ["3", "2-1", "x", "-1", "1-", "0-3"])
def test_ranges_of_other_places_are_refused(text: str) -> None:
    """Somebody else wrote them: three places are 0 to 2."""
    with pytest.raises(ValueError):  # noqa: PT011 - whatever is wrong
        Places.read(text, 3)
    assert NO_PLACES == Places.read_legible(text, 3)


@given(SETS, st.integers(0, 99))
def test_the_lowest_places_are_the_first_in_order(places: set[int], count: int) -> None:
    """As many as there are, if there are fewer."""
    assert Places.of(sorted(places)[:count]) == Places.of(places).lowest(count)
