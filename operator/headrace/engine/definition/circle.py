"""
Circles in what workflows name: the way from one back to itself.

Knows no workflow: the caller says what each one names.
"""

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

K = TypeVar("K", bound=Hashable)


def way_back(start: K, named_by: Callable[[K], Iterable[K]]) -> tuple[K, ...]:
    """
    Return one of the shortest ways from a place back to itself; empty: there is none.

    Args:
        start: The place. It is first and last on the way.
        named_by: Returns the places that lie one step behind a place.

    """
    ways: list[tuple[K, ...]] = [(start,)]
    seen: set[K] = set()
    while ways:
        way = ways.pop(0)
        for place in named_by(way[-1]):
            if place == start:
                return (*way, place)
            if place not in seen:
                seen.add(place)
                ways.append((*way, place))
    return ()
