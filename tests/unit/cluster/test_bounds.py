"""What is remembered has a bound: `headrace.cluster.bounds`."""

from headrace.cluster.bounds import forget_oldest


def test_what_was_remembered_first_is_forgotten_first() -> None:
    """The rest stays, in its order."""
    remembered = dict.fromkeys("dacb")
    forget_oldest(remembered, 2)
    assert ["c", "b"] == list(remembered)
    forget_oldest(remembered, 2)
    assert ["c", "b"] == list(remembered)
