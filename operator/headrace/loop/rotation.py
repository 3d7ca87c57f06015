"""
The rotation of groups that share one queue: each group in turn, each key in its order.

A group with thousands of keys delays the only key of another group by one turn, not by thousands.
Does not know the keys, or who waits for them.
"""

from collections import deque
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class Rotation(Generic[K]):
    """Waiting keys, by group."""

    def __init__(self, group_of: Callable[[K], Hashable]) -> None:
        """Start empty; `group_of` returns the group of a key."""
        self._group_of = group_of
        self._groups: dict[Hashable, deque[K]] = {}  # In the order of their turns; not empty.

    def push(self, key: K) -> None:
        """Add a key behind all others of its group."""
        self._groups.setdefault(self._group_of(key), deque()).append(key)

    def pop(self) -> K:
        """Remove and return the next key. Its group then comes after all others."""
        group, keys = next(iter(self._groups.items()))
        del self._groups[group]
        key = keys.popleft()
        if keys:
            self._groups[group] = keys
        return key
