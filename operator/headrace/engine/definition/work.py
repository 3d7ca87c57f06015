"""
The work of a task. A new kind is a class here, a line in `ways`, and a carrier in each world.

Knows the API types. Does not know how a world carries work out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from headrace.api.v1alpha1.approval import ApprovalRequest
from headrace.api.v1alpha1.task import TaskBody


@dataclass(frozen=True, slots=True)
class Container:
    """A program in a container: a Job on a cluster, a process on a laptop."""

    body: TaskBody


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


@dataclass(frozen=True, slots=True)
class Approval:
    """A question to people: nothing runs until somebody answers it."""

    asked: ApprovalRequest
    deadline: datetime | None = None
    """Until when people can answer; None before the task starts, and if they always can."""


Work = Container | Timer | ChildRun | Approval
"""The kinds of work."""

W_co = TypeVar("W_co", bound=Work, covariant=True)
"""One of the kinds."""
