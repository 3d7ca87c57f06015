"""
What is due when: for each key the earliest of the moments that it was planned for.

One heap for all keys; no task or timer for any. Knows one clock, and not what the keys are.
"""

from collections.abc import Callable, Hashable
from heapq import heapify, heappop, heappush
from typing import Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)

SLACK: Final = 64  # Outdated moments that may lie in the heap before it is cleared of them.


class Agenda(Generic[K]):
    """Keys and their moments."""

    def __init__(self, now: Callable[[], float]) -> None:
        """Take the clock that the moments are read from."""
        self.now = now
        self._when: dict[K, float] = {}
        self._heap: list[tuple[float, int, K]] = []
        self._count = 0

    def __len__(self) -> int:
        return len(self._when)

    def plan(self, key: K, when: float) -> None:
        """Plan a key for a moment, unless it is planned for an earlier one."""
        if when < self._when.get(key, float("inf")):
            self._when[key] = when
            self._count += 1  # Orders what is due at the same moment; keys need no order.
            heappush(self._heap, (when, self._count, key))
            self._compact()

    def drop(self, key: K) -> None:
        """Forget what was planned for a key."""
        self._when.pop(key, None)

    def next_in(self) -> float | None:
        """Return the seconds until something is due, or None if nothing is planned."""
        while self._heap and self._when.get(self._heap[0][2]) != self._heap[0][0]:
            heappop(self._heap)
        return max(0.0, self._heap[0][0] - self.now()) if self._heap else None

    def pop_due(self) -> list[K]:
        """Take out the keys that are due, in the order of their moments."""
        due: list[K] = []
        while self.next_in() == 0:
            key = heappop(self._heap)[2]
            del self._when[key]
            due.append(key)
        return due

    def _compact(self) -> None:
        """Keep the moments that no longer count from piling up."""
        if len(self._heap) > 2 * len(self._when) + SLACK:
            self._heap = [item for item in self._heap if self._when.get(item[2]) == item[0]]
            heapify(self._heap)
