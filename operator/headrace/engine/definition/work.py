"""
The work of a task. A new kind is a class here, a line in `ways`, and a carrier in each world.

Knows the API types. Does not know how a world carries work out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from headrace.api.v1alpha1.approval import ApprovalRequest
from headrace.api.v1alpha1.task import TaskBody
from headrace.engine.places import NO_PLACES, Places


@dataclass(frozen=True, slots=True)
class Container:
    """A program in a container: a Job on a cluster, a process on a laptop."""

    body: TaskBody


@dataclass(frozen=True, slots=True)
class FanOut:
    """A program that runs once for each item: an Indexed Job on a cluster."""

    body: TaskBody
    items: Sequence[Any] | None = None
    """The items. None: an expression gives them before the first attempt, or a later attempt finds
    them where the first one left them."""
    total: int = 0
    """How many items there are; 0 before they are known."""
    todo: Places = NO_PLACES
    """The items that this attempt runs, by index; none before the attempt."""
    max_parallel: int | None = None
    """How many run at a time; None: all."""
    tolerated: int | str = 0
    """How many may fail, or a share of all: `10%`."""
    digest: str = ""
    """A hash of the items; empty before they are known."""

    @property
    def tolerated_items(self) -> int:
        """How many items may fail."""
        return allowed_failures(self.tolerated, self.total)


Program = Container | FanOut
"""The kinds of work that run a program in a container."""


@dataclass(frozen=True, slots=True)
class Timer:
    """A wait: nothing runs, and the task succeeds at an instant."""

    seconds: int | None = None
    """How long after the task starts; None: `until` says when."""
    until: datetime | None = None
    """None before the task starts: its expression has no value yet."""


@dataclass(frozen=True, slots=True)
class ChildRun:
    """A run of another workflow."""

    workflow: str
    params: Mapping[str, bool | int | str] = field(default_factory=dict)
    """The values of its parameters. Before the task starts, texts are as somebody wrote them:
    expressions in them have no value yet."""
    rerun_of: str | None = None
    """The earlier run that it repeats: what succeeded there is taken over."""


@dataclass(frozen=True, slots=True)
class Approval:
    """A question to people: nothing runs until somebody answers it."""

    asked: ApprovalRequest
    deadline: datetime | None = None
    """Until when people can answer; None before the task starts, and if they always can."""


Work = Container | FanOut | Timer | ChildRun | Approval
"""The kinds of work."""

W_co = TypeVar("W_co", bound=Work, covariant=True)
"""One of the kinds."""


def allowed_failures(tolerated: int | str, total: int) -> int:
    """
    Return how many items of a task may fail.

    Args:
        tolerated: The number, or a share of all items, rounded down: `10%`.
        total: How many items there are.

    """
    if isinstance(tolerated, int):
        return tolerated
    return total * int(tolerated.removesuffix("%")) // 100
