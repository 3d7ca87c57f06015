"""
The work of a task. A new kind is a class here, a line in `ways`, and a carrier in each world.

Knows the API types. Does not know how a world carries work out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from headrace.api.v1alpha1.approval import ApprovalRequest
from headrace.api.v1alpha1.task import TaskBody
from headrace.engine.definition.expressions.types import Value
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


One_co = TypeVar("One_co", Timer, ChildRun, Approval, covariant=True)


@dataclass(frozen=True, slots=True)
class Each(Generic[One_co]):
    """Work without a program, once for each item. Each kind of such work is a class below."""

    of: One_co
    """The work of one item; the values of its expressions that read the item are in `given`."""
    items: Sequence[Any] | None = None
    """The items. None: an expression gives them before the first attempt, and nobody needs them
    later."""
    total: int = 0
    """How many items there are; 0 before they are known."""
    max_parallel: int | None = None
    """How many go on at a time; None: all."""
    tolerated: int | str = 0
    """How many may fail, or a share of all: `10%`."""
    given: Mapping[str, Sequence[Value]] | None = None
    """By path in the task: the values of the expressions that read the item, one for each item.
    None: they have none yet, or they are on record since the first attempt."""
    begin: Places = NO_PLACES
    """The items that start now; none before the attempt."""
    digest: str = ""
    """A hash of the items, in the first attempt."""

    @property
    def tolerated_items(self) -> int:
        """How many items may fail."""
        return allowed_failures(self.tolerated, self.total)


@dataclass(frozen=True, slots=True)
class Timers(Each[Timer]):
    """A wait for each item: no item needs an object, since its end is known from the start."""

    ends: Sequence[datetime] = ()
    """When the wait of each item ends."""


@dataclass(frozen=True, slots=True)
class ChildRuns(Each[ChildRun]):
    """A run of another workflow for each item."""


@dataclass(frozen=True, slots=True)
class Approvals(Each[Approval]):
    """A question to people for each item."""


Work = Container | FanOut | Timer | ChildRun | Approval | Timers | ChildRuns | Approvals
"""The kinds of work."""

OF_ITEMS = (FanOut, Each)
"""The kinds of work that are done once for each item."""


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


def done_for_each(
    of: Timer | ChildRun | Approval,
    items: Sequence[Any] | None,
    max_parallel: int | None,
    tolerated: int | str,
) -> Timers | ChildRuns | Approvals:
    """Return the work that does the work of one item for each."""
    settings = (items, len(items or ()), max_parallel, tolerated)
    match of:
        case Timer():
            return Timers(of, *settings)
        case ChildRun():
            return ChildRuns(of, *settings)
        case Approval():
            return Approvals(of, *settings)


def work_of_one(work: Work) -> Container | FanOut | Timer | ChildRun | Approval:
    """Return the work of one item, if items share it; else the work itself."""
    return work.of if isinstance(work, Timers | ChildRuns | Approvals) else work
