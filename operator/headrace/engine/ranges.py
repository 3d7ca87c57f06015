"""
Sets of tasks, as ranges of positions in the definition: `0-41,43`.

Small at any size of run. Knows numbers only.
"""

from collections.abc import Collection, Iterator

from headrace.api.v1alpha1.group import MAX_TASKS

_FARTHEST = 2 * MAX_TASKS
"""A larger position was written by somebody else."""


def write(positions: Collection[int]) -> str:
    """Write positions as ranges, lowest first."""
    return ",".join(
        f"{first}-{last}" if last > first else f"{first}" for first, last in _ranges(positions)
    )


def read(text: str) -> frozenset[int]:
    """
    Read what `write` wrote.

    Raises:
        ValueError: The text is something else.

    """
    found: set[int] = set()
    for part in filter(None, text.split(",")):
        first, dash, last = part.partition("-")
        low, high = int(first), int(last if dash else first)
        if not low <= high <= _FARTHEST:
            raise ValueError(f"started: {part!r} is no range of positions")
        found.update(range(low, high + 1))
    return frozenset(found)


def _ranges(positions: Collection[int]) -> Iterator[tuple[int, int]]:
    first = last = None
    for position in sorted(positions):
        if first is None or last is None:
            first = last = position
        elif position == last + 1:
            last = position
        else:
            yield first, last
            first = last = position
    if first is not None and last is not None:
        yield first, last
