"""
The types of rows: one object in a few fields, for the lists and drawings of the page.

The page writes durations and ages itself, since it stays open. Empty texts are not known. Times are
RFC 3339. A tone is one word of `Tone`. Knows no object.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class State:
    """How an object is. Empty texts are not known, here and in all rows."""

    reason: str
    message: str
    tone: str
    """One word of `Tone`."""
    ended: bool
    since: str
    """An instant in RFC 3339, as all times of rows."""


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run."""

    name: str
    namespace: str
    workflow: str
    state: State
    progress: str
    desired: str
    """What somebody wants of it: `Run`, `Pause`, …"""
    trigger: str
    logical_time: str
    created: str
    started: str
    completed: str


@dataclass(frozen=True, slots=True)
class RunBar:
    """A run as a bar: no more than its colour, its height and its name."""

    name: str
    reason: str
    tone: str
    started: str
    completed: str


@dataclass(frozen=True, slots=True)
class WorkflowRow:
    """A workflow."""

    name: str
    namespace: str
    description: str
    state: State
    suspended: bool
    active: int
    next_run: str
    runs: Sequence[RunBar]
    """The newest, newest first."""


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task of a run, also one that has not started."""

    task: str
    state: State
    outcome: str
    attempts: int
    items: str
    """How far the items of a task with forEach are."""
    started: str
    completed: str
    next_attempt: str


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One attempt of a task."""

    number: int
    reason: str
    message: str
    exit_code: str
    created: str
    scheduled: str
    started: str
    completed: str
    job: str
    pod: str
    node: str
    run: str
    """The run that it is, if the task calls a workflow."""


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """A task that holds slots of a pool, or waits for some."""

    run: str
    task: str
    slots: int


@dataclass(frozen=True, slots=True)
class PoolRow:
    """A pool."""

    name: str
    description: str
    state: State
    slots: int
    used: int
    waiting: int
    holders: Sequence[ClaimRow]
    queue: Sequence[ClaimRow]
    """In the order in which they get slots."""


@dataclass(frozen=True, slots=True)
class BackfillRow:
    """A backfill."""

    name: str
    workflow: str
    state: State
    desired: str
    """What somebody wants of it: `Run`, `Pause`, …"""
    first: str
    last: str
    progress: str
    total: int
    done: int
    failed: int
    active: int
    created: str


@dataclass(frozen=True, slots=True)
class ApprovalRow:
    """A question of a run."""

    name: str
    run: str
    task: str
    item: str
    question: str
    choices: Sequence[str]
    state: State
    answer: str
    by: str
    comment: str
    deadline: str
    created: str


@dataclass(frozen=True, slots=True)
class Node:
    """A task in the graph."""

    task: str
    kind: str
    """`program`, `workflow`, `approval`, `wait` or `items`."""
    last: bool
    """Whether it is a `finally` task."""
    state: State


@dataclass(frozen=True, slots=True)
class Edge:
    """One task waits for another."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of an attempt's time."""

    phase: str
    """`waiting`, `pulling` or `running`."""
    begin: str
    end: str
    """Empty: it lasts still."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One attempt of a task."""

    task: str
    attempt: int
    reason: str
    tone: str
    phases: Sequence[Phase]


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that needs somebody."""

    kind: str
    """`approval`, `failed`, `stuck` or `workflow`."""
    workflow: str
    run: str
    """Empty: the workflow itself needs somebody."""
    task: str
    approval: str
    """The name of the question, if it is one."""
    reason: str
    message: str
    tone: str
    since: str
    cure: str


@dataclass(frozen=True, slots=True)
class Upcoming:
    """The next run of a workflow."""

    workflow: str
    time: str


@dataclass(frozen=True, slots=True)
class Overview:
    """The first page."""

    needs: Sequence[Need]
    running: Sequence[RunRow]
    upcoming: Sequence[Upcoming]
    more: int
    """How many lines are left out."""
