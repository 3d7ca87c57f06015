"""
The order of tasks: names, and the names of upstream tasks.

Does not know what a task is, or how it ends.
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
    Tasks by name, each with the names of its upstream tasks.

    All names in the values must be keys.

    Raises:
        CyclicGraphError: Tasks wait for each other.

    """

    upstream: Mapping[str, tuple[str, ...]]
    order: tuple[str, ...] = field(init=False)
    """The tasks, each after its upstream tasks."""
    downstream: Mapping[str, tuple[str, ...]] = field(init=False)
    """The tasks, each with the names of the tasks that wait for it."""
    paths: Mapping[str, int] = field(init=False)
    """For each task, how many tasks the longest path from it to an end has, itself included."""

    def __post_init__(self) -> None:
        """Find the order and its reverse once; every turn needs them."""
        try:
            order = tuple(TopologicalSorter(self.upstream).static_order())
        except CycleError as error:
            # graphlib names the cycle from a task to its downstream tasks; readers expect
            # dependsOn.
            raise CyclicGraphError(tuple(reversed(error.args[1]))) from None
        downstream: dict[str, list[str]] = {name: [] for name in self.upstream}
        for name, waits_for in self.upstream.items():
            for task in waits_for:
                downstream[task].append(name)
        paths: dict[str, int] = {}
        for name in reversed(order):
            paths[name] = 1 + max((paths[after] for after in downstream[name]), default=0)
        object.__setattr__(self, "order", order)
        object.__setattr__(
            self, "downstream", {name: tuple(after) for name, after in downstream.items()}
        )
        object.__setattr__(self, "paths", paths)

    def __iter__(self) -> Iterator[str]:
        """Yield the tasks, each after its upstream tasks."""
        return iter(self.order)
