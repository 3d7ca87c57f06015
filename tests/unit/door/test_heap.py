"""What the garbage collector leaves alone: `headrace.door.heap`."""

import gc
from collections.abc import Iterator

import pytest

from headrace.door.heap import leave_alone


class Knot:
    """Something that only a collection can remove."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_what_there_is_is_not_looked_at_again() -> None:
    """Its collection would cost as much as a turn."""
    leave_alone()
    assert gc.get_freeze_count() > len(gc.get_objects())


def test_garbage_of_before_is_gone_and_does_not_stay_for_ever() -> None:
    """What nobody looks at again must not be garbage."""
    gc.disable()
    try:
        Knot()
        before = sum(isinstance(each, Knot) for each in gc.get_objects())
        leave_alone()
    finally:
        gc.enable()
    gc.unfreeze()
    assert (1, 0) == (before, sum(isinstance(each, Knot) for each in gc.get_objects()))


def test_what_comes_later_is_collected_as_ever() -> None:
    """Only the past is left alone."""
    leave_alone()
    Knot()
    gc.collect()
    assert not any(isinstance(each, Knot) for each in gc.get_objects())
