"""The answers of the API that are more than rows of `headrace.views`: lists and whole pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from headrace.views.rows import (
    ApprovalRow,
    AttemptRow,
    Bar,
    Edge,
    Node,
    RunRow,
    TaskRow,
    WorkflowRow,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Items(Generic[T]):
    """A list, and whether there is more."""

    items: Sequence[T]
    more: bool = False


@dataclass(frozen=True, slots=True)
class Where:
    """Where the objects of the page are."""

    title: str
    """The context of the kubeconfig, or the path of the folder of state."""
    namespace: str
    local: bool
    """Whether it is the folder of state of this machine."""
    version: str


@dataclass(frozen=True, slots=True)
class TitledFact:
    """One thing that is known of an object."""

    title: str
    words: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of `headrace explain`."""

    about: str
    reason: str
    message: str
    since: str
    cure: str


@dataclass(frozen=True, slots=True)
class DeclaredParam:
    """A parameter of a workflow."""

    name: str
    type: str
    description: str
    required: bool
    default: str
    choices: Sequence[str]


@dataclass(frozen=True, slots=True)
class WorkflowPage:
    """A workflow with all that belongs to it."""

    row: WorkflowRow
    facts: Sequence[TitledFact]
    sentences: Sequence[Sentence]
    params: Sequence[DeclaredParam]
    startable: bool
    """Whether somebody can start it from here: on a laptop, a file must have it."""
    nodes: Sequence[Node]
    edges: Sequence[Edge]
    definition: str
    """The spec as JSON."""


@dataclass(frozen=True, slots=True)
class RunPage:
    """A run with all that belongs to it."""

    row: RunRow
    facts: Sequence[TitledFact]
    sentences: Sequence[Sentence]
    tasks: Sequence[TaskRow]
    nodes: Sequence[Node]
    edges: Sequence[Edge]
    bars: Sequence[Bar]
    approvals: Sequence[ApprovalRow]
    params: Sequence[DeclaredParam]
    """With the values of this run as defaults."""


@dataclass(frozen=True, slots=True)
class TaskPage:
    """A task of a run with all that belongs to it."""

    run: RunRow
    row: TaskRow
    facts: Sequence[TitledFact]
    sentences: Sequence[Sentence]
    attempts: Sequence[AttemptRow]
    approvals: Sequence[ApprovalRow]
    bars: Sequence[Bar]
    definition: str
    """What the workflow says of the task, as JSON; empty: it cannot be read."""
    object: str
    """The TaskRun as JSON; empty: the task has not started."""


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """One logical time of a backfill."""

    time: str
    run: str
    """The run that it would get; empty: none."""
    existing: str
    """The newest run that is there, and its state."""


@dataclass(frozen=True, slots=True)
class Done:
    """What an action did, or would do."""

    message: str
    command: str
    """The command that does the same: of kubectl on a cluster, of headrace on a laptop."""
    run: str = ""
    """The run that it has created; empty: none."""
    problem: str = ""
    """Of a preview: why it cannot be done; then there is no command."""
    planned: Sequence[PlannedRun] = ()
    """Of the preview of a backfill: its first logical times."""
