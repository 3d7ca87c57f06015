"""
Sets of places in a list, such as the items of a task: small and quick at any size.

Knows numbers from 0 only. Writes them as ranges: `0-7,9`.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_RUN = re.compile("1+")


@dataclass(frozen=True, slots=True)
class Places:
    """A set of places, each a bit of a number."""

    bits: int = 0

    @classmethod
    def of(cls, places: Iterable[int]) -> "Places":
        """Return the set of some places."""
        bits = 0
        for place in places:
            bits |= 1 << place
        return cls(bits)

    @classmethod
    def first(cls, count: int) -> "Places":
        """Return the set of the first places of a list."""
        return cls((1 << count) - 1)

    @classmethod
    def read(cls, text: str, count: int) -> "Places":
        """
        Read ranges of places of a list.

        Args:
            text: The ranges: `0-7,9`.
            count: The length of the list.

        Raises:
            ValueError: The text is something else.

        """
        bits = 0
        for part in filter(None, text.split(",")):
            first, dash, last = part.partition("-")
            low, high = int(first), int(last if dash else first)
            if not 0 <= low <= high < count:
                raise ValueError(f"{part!r} is no range of places below {count}")
            bits |= ((1 << (high - low + 1)) - 1) << low
        return cls(bits)

    @classmethod
    def read_legible(cls, text: str, count: int) -> "Places":
        """Read ranges that somebody else wrote; if they are none, no place."""
        try:
            return cls.read(text, count)
        except ValueError:
            return NO_PLACES

    def ranges(self) -> Iterator[tuple[int, int]]:
        """Yield the first and the last place of each range, lowest first."""
        for run in _RUN.finditer(f"{self.bits:b}"[::-1]):
            yield run.start(), run.end() - 1

    def __str__(self) -> str:
        """Write the places as ranges, lowest first."""
        return ",".join(
            f"{first}-{last}" if last > first else f"{first}" for first, last in self.ranges()
        )

    def __iter__(self) -> Iterator[int]:
        """Yield the places, lowest first."""
        for first, last in self.ranges():
            yield from range(first, last + 1)

    def among(self, places: Iterable[int]) -> list[int]:
        """Return those of some places that are in the set: quicker than to ask for each."""
        there = f"{self.bits:b}"[::-1]
        beyond = len(there)
        return [place for place in places if place < beyond and there[place] == "1"]

    def lowest(self, count: int) -> "Places":
        """Return the first so many of the places."""
        if len(self) <= count:
            return self
        bits, left = 0, count
        for first, last in self.ranges():
            size = min(left, last - first + 1)
            bits |= ((1 << size) - 1) << first
            left -= size
            if not left:
                break
        return Places(bits)

    def __len__(self) -> int:
        """Return how many places there are."""
        return self.bits.bit_count()

    def __bool__(self) -> bool:
        """Return whether there is any."""
        return self.bits != 0

    def __contains__(self, place: int) -> bool:
        """Return whether a place is in the set."""
        return bool(self.bits >> place & 1)

    def __or__(self, other: "Places") -> "Places":
        """Return the places in either set."""
        return Places(self.bits | other.bits)

    def __and__(self, other: "Places") -> "Places":
        """Return the places in both sets."""
        return Places(self.bits & other.bits)

    def __sub__(self, other: "Places") -> "Places":
        """Return the places that are not in the other set."""
        return Places(self.bits & ~other.bits)


NO_PLACES = Places()
