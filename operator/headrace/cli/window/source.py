"""
A source of objects: what commands ask, whoever answers.

Objects are JSON in the form of the API, from a cluster as from the folder of state of a laptop.
Knows no cluster and no folder.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from headrace.kube.resources import Resource
from headrace.views.objects import Object


@dataclass(frozen=True, slots=True)
class Choice:
    """Which objects of a kind."""

    labels: str = ""
    """A label selector."""
    fields: str = ""
    """A field selector."""
    everywhere: bool = False
    """In all namespaces."""
    most: int = 0
    """How many at most; 0: all."""


@dataclass(frozen=True, slots=True)
class Listed:
    """Objects, and whether there are more."""

    items: Sequence[Object]
    more: bool = False
    notes: Sequence[str] = ()
    """What people should know besides, a line each."""


class Readable(Protocol):
    """Where objects are read. All methods raise `WindowError`."""

    @property
    def namespace(self) -> str:
        """The namespace to look in."""

    def listed(self, kind: Resource, choice: Choice) -> Listed:
        """Return objects of a kind."""

    def named(self, kind: Resource, name: str) -> Object:
        """Return an object by its name. If there is none, the error names the nearest one."""

    def names(self, kind: Resource) -> list[str]:
        """Return the names of a kind's objects."""

    def tasks(self, run: str) -> Sequence[Object]:
        """Return the TaskRuns of a run."""

    def definition(self, run: Object) -> Object | None:
        """Return the pinned definition of a run; None: it is not there, or may not be read."""

    def warnings(self, about: str) -> Sequence[str]:
        """Return the newest warnings of Kubernetes on a pod or Job, by its name."""

    def carried_out(self, run: str) -> str:
        """Return a remark if nothing carries out what is wanted of a run now; else nothing."""


class Source(Readable, Protocol):
    """Where objects are read and changed. All methods raise `WindowError`."""

    def change(self, kind: Resource, name: str, patch: dict[str, Any]) -> Object:
        """Merge into an object; return it as it is then."""

    def answer(self, question: Object, choice: str, comment: str) -> Object:
        """Answer a question; return it as it is then."""
