"""Bounded memories: a controller lives for months. Knows numbers only."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


def forget_oldest(remembered: dict[K, V], most: int) -> None:
    """Forget the oldest entries, down to a number."""
    while len(remembered) > most:
        remembered.pop(next(iter(remembered)))


class Kept(Generic[K, V]):
    """Replaceable values by key; the value that is unused for longest is dropped first."""

    def __init__(self, most: int) -> None:
        """Keep values up to this many bytes in all, and always the newest value."""
        self._most = most
        self._bytes = 0
        self._found: OrderedDict[K, tuple[V, int]] = OrderedDict()

    def get(self, key: K) -> V | None:
        """Return the value of a key."""
        found = self._found.get(key)
        if found is None:
            return None
        self._found.move_to_end(key)
        return found[0]

    def put(self, key: K, value: V, size: int) -> None:
        """Keep a value of so many bytes."""
        self.drop(key)
        self._found[key] = value, size
        self._bytes += size
        while self._bytes > self._most and len(self._found) > 1:
            self.drop(next(iter(self._found)))

    def drop(self, key: K) -> None:
        """Forget the value of a key."""
        found = self._found.pop(key, None)
        if found is not None:
            self._bytes -= found[1]
