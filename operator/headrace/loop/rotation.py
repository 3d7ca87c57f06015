"""
Who comes next among groups that share one queue: each group in its turn, each key in its order.

A group with thousands of keys delays the one key of another by one turn, not by thousands.
Does not know what the keys are, or who waits for them.
"""

from collections import deque
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class Rotation(Generic[K]):
    """Keys that wait, by their groups."""

    def __init__(self, group_of: Callable[[K], Hashable]) -> None:
        """Start empty; `group_of` tells to which group a key belongs."""
        self._group_of = group_of
        self._groups: dict[Hashable, deque[K]] = {}  # In the order of their turns; none is empty.

    def push(self, key: K) -> None:
        """Let a key wait behind all others of its group."""
        self._groups.setdefault(self._group_of(key), deque()).append(key)

    def pop(self) -> K:
        """Take out the next key. Its group then comes after all others."""
        group, keys = next(iter(self._groups.items()))
        del self._groups[group]
        key = keys.popleft()
        if keys:
            self._groups[group] = keys
        return key
