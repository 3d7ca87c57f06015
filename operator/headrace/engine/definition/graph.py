"""
The order of tasks: names and what each waits for.

Knows nothing of what a task is, or how one ends.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter


class CyclicGraphError(ValueError):
    """Tasks wait for each other. `path` is the cycle, first task repeated at its end."""

    def __init__(self, path: Sequence[str]) -> None:
        super().__init__(f"tasks wait for each other: {' -> '.join(path)}")
        self.path = tuple(path)


@dataclass(frozen=True, slots=True)
class Graph:
    """
    Tasks by name, each with the names of the tasks it waits for.

    All names in the values must be keys.

    Raises:
        CyclicGraphError: if tasks wait for each other.

    """

    upstream: Mapping[str, tuple[str, ...]]
    order: tuple[str, ...] = field(init=False)
    """The tasks, each after all that it waits for."""
    downstream: Mapping[str, tuple[str, ...]] = field(init=False)
    """The tasks, each with the names of those that wait for it."""

    def __post_init__(self) -> None:
        """Find the order and its reverse once; every turn needs them."""
        try:
            order = tuple(TopologicalSorter(self.upstream).static_order())
        except CycleError as error:
            # graphlib names the cycle from a task to what waits for it; readers expect dependsOn.
            raise CyclicGraphError(tuple(reversed(error.args[1]))) from None
        downstream: dict[str, list[str]] = {name: [] for name in self.upstream}
        for name, waits_for in self.upstream.items():
            for each in waits_for:
                downstream[each].append(name)
        object.__setattr__(self, "order", order)
        object.__setattr__(
            self, "downstream", {name: tuple(after) for name, after in downstream.items()}
        )

    def __iter__(self) -> Iterator[str]:
        """Yield the tasks, each after all it waits for."""
        return iter(self.order)
