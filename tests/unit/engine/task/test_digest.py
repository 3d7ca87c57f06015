"""The digest of items: `headrace.engine.task.digest`."""

from typing import Any

import pytest

from headrace.engine.task.digest import digest_of
from support.builders import at


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param(["a", "b"], ["a", "b"], True, id="the same items"),
        pytest.param(["a", "b"], ["b", "a"], False, id="another order"),
        pytest.param(["a", "b"], ["a"], False, id="one item less"),
        pytest.param(["a", "b"], ["ab"], False, id="the same letters"),
        pytest.param([{"x": 1, "y": 2}], [{"y": 2, "x": 1}], True, id="fields in another order"),
        pytest.param([1], ["1"], False, id="a number and its text"),
        pytest.param([at(0)], ["2030-01-01T12:00:00Z"], True, id="an instant as it is kept"),
        pytest.param(["\ud800"], ["?"], False, id="half of a character"),
    ],
)
def test_lists_have_one_digest_if_programs_see_the_same(
    one: list[Any], other: list[Any], *, same: bool
) -> None:
    """The place of an item counts."""
    assert same is (digest_of(one) == digest_of(other))
