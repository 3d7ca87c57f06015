"""What a controller that lives for months remembers has a bound. Knows numbers only."""

from collections.abc import Hashable
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


def forget_oldest(remembered: dict[K, V], most: int) -> None:
    """Forget what was remembered first, until there are at most so many."""
    while len(remembered) > most:
        remembered.pop(next(iter(remembered)))
