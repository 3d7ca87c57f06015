"""Names of labels and annotations: `headrace.api.checks.keys`."""

import pytest

from headrace.api.checks.keys import KEY


@pytest.mark.parametrize("key", ["a", "team", "cost-center", "example.com/A.b_c", "a" * 63])
def test_names_of_labels_are_taken(key: str) -> None:
    """A domain may stand before them."""
    assert KEY.fullmatch(key)


@pytest.mark.parametrize(
    "key", ["", "cost center", "-a", "a-", "/a", "a/", "a/b/c", "Example.com/a", "a" * 64, "a\n"]
)
def test_other_names_are_not(key: str) -> None:
    """The API server would refuse the pod."""
    assert KEY.fullmatch(key) is None
