"""
The agenda: for each key, the earliest of its planned moments.

One heap serves all keys, without a task or timer for each key. Knows one clock, and does not know
the keys.
"""

from collections.abc import Callable, Hashable
from heapq import heapify, heappop, heappush
from typing import Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)

SLACK: Final = 64  # How many outdated moments the heap may hold before they are removed.


class Agenda(Generic[K]):
    """Keys and their moments."""

    def __init__(self, now: Callable[[], float]) -> None:
        """Begin empty; `clock` gives the time."""
        self.now = now
        self._when: dict[K, float] = {}
        self._heap: list[tuple[float, int, K]] = []
        self._count = 0

    def __len__(self) -> int:
        return len(self._when)

    def plan(self, key: K, when: float) -> bool:
        """Plan a key for a moment, unless an earlier one is planned; return whether it was."""
        sooner = when < self._when.get(key, float("inf"))
        if sooner:
            self._when[key] = when
            self._count += 1  # Orders keys of the same moment; keys themselves need no order.
            heappush(self._heap, (when, self._count, key))
            self._compact()
        return sooner

    def drop(self, key: K) -> None:
        """Forget the planned moment of a key."""
        self._when.pop(key, None)

    def next_in(self) -> float | None:
        """Return the seconds until the next key is due, or None if no key is planned."""
        while self._heap and self._when.get(self._heap[0][2]) != self._heap[0][0]:
            heappop(self._heap)
        return max(0.0, self._heap[0][0] - self.now()) if self._heap else None

    def pop_due(self) -> list[K]:
        """Remove and return the due keys, in the order of their moments."""
        due: list[K] = []
        while self.next_in() == 0:
            key = heappop(self._heap)[2]
            del self._when[key]
            due.append(key)
        return due

    def _compact(self) -> None:
        """Remove outdated moments before they pile up."""
        if len(self._heap) > 2 * len(self._when) + SLACK:
            self._heap = [item for item in self._heap if self._when.get(item[2]) == item[0]]
            heapify(self._heap)
