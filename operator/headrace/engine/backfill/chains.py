"""
The runs of one piece of work: a run, reruns of it, and reruns of these.

Knows which run each run repeats, also if that one is gone. Does not know what a run is.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Link(Generic[T]):
    """A run, and what it repeats."""

    name: str
    created: datetime | None
    repeats: str | None
    """The name of the run that it repeats."""
    run: T


class Chains(Generic[T]):
    """The runs of a workflow, by the run that they repeat."""

    def __init__(self, links: Iterable[Link[T]]) -> None:
        """Sort these runs, for one look."""
        self._named: dict[str, Link[T]] = {}
        self._reruns: dict[str, list[Link[T]]] = defaultdict(list)
        for link in links:
            self._named[link.name] = link
            if link.repeats is not None:
                self._reruns[link.repeats].append(link)

    def of(self, name: str) -> list[T]:
        """Return a run, if it is there, and all that repeats it, oldest first."""
        found: dict[str, Link[T]] = {}
        waiting = [name]
        while waiting:
            each = waiting.pop()
            known = [self._named[each]] if each in self._named else []
            for link in (*known, *self._reruns.get(each, ())):
                if link.name not in found:
                    found[link.name] = link
                    waiting.append(link.name)
        return [link.run for link in sorted(found.values(), key=_age)]


def _age(link: Link[T]) -> tuple[float, str]:
    return (link.created.timestamp() if link.created else 0.0, link.name)
