"""The records of runs and attempts on this machine, besides their logs. Values only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from headrace.api.v1alpha1.approval import ApprovalRequest
from headrace.api.v1alpha1.cache import CacheMode
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.rerun import RerunOf
from headrace.api.v1alpha1.run import DesiredState, EndedRun, Interval, TriggerKind
from headrace.engine.definition.expressions.types import Value
from headrace.engine.definition.ways import FROM, MESSAGE
from headrace.engine.places import Places
from headrace.engine.run.observed import RunKey


@dataclass(frozen=True, slots=True)
class Applied:
    """The manifest of a served folder that asked for a run."""

    kind: str
    name: str
    uid: str
    place: int | None = None
    """For a Backfill: the position of the run's logical time."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What asked for a run."""

    trigger: TriggerKind = TriggerKind.MANUAL
    interval: Interval | None = None
    triggered_by: EndedRun | None = None
    """The run whose end started it."""
    priority: int | None = None
    """The priority of the run; None: its workflow says it."""
    applied: Applied | None = None
    """The manifest that asked for it: a server carries it on. None: no manifest did."""


BY_HAND: Final = Origin()
"""Somebody typed `headrace run` or `headrace rerun`."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A requested run. Only `desired` ever changes."""

    key: RunKey
    uid: str
    workflow: str
    created: datetime
    spec: str
    """The pinned definition: a WorkflowSpec as JSON."""
    folder: str
    """Where its tasks run: the folder of the manifest."""
    params: Mapping[str, bool | int | str] = field(default_factory=dict)
    logical_time: datetime | None = None
    desired: DesiredState = DesiredState.RUN
    """What somebody wants; for a called run, what the calling run has passed on."""
    called: Mapping[str, str] = field(default_factory=dict)
    """The pinned definitions of the workflows that the run may call, also through others, by
    name."""
    caller: str | None = None
    """The calling run, if a task of it called this run."""
    rerun_of: RerunOf | None = None
    """What it repeats of an earlier run; None: it repeats none."""
    origin: Origin = BY_HAND
    cache: CacheMode | None = None
    """What it does with the caches of its tasks; None: what is usual."""


@dataclass(frozen=True, slots=True)
class ForcedEnd:
    """Why headrace ended or refused an attempt: no exit code says so."""

    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What somebody answered."""

    choice: str
    at: datetime
    by: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class ItemsRecord:
    """The items of an attempt of a task with forEach."""

    items: Sequence[Any]
    """All items of the task."""
    todo: Places
    """The items that the attempt runs, by index."""
    ends: Mapping[int, ForcedEnd] = field(default_factory=dict)
    """Why headrace ended or refused items, by index."""


@dataclass(frozen=True, slots=True)
class ItemQuestion:
    """A question about an item."""

    created: datetime
    """When somebody was asked."""
    asked: ApprovalRequest
    answer: StoredAnswer | None = None


@dataclass(frozen=True, slots=True)
class EachRecord:
    """The work of the items of an attempt, if it is no program."""

    total: int
    """How many items the task has."""
    ends: Sequence[datetime] = ()
    """When their waits end."""
    params: Mapping[str, bool | int | str] = field(default_factory=dict)
    """The parameters of the runs that they call; the values in `given` replace some."""
    asked: ApprovalRequest | None = None
    """What people are asked about them; the values in `given` replace the message."""
    given: Mapping[str, Sequence[Value]] = field(default_factory=dict)
    """The values that each item has of its own, by path in the task."""
    digest: str = ""
    """A hash of the items."""
    questions: Mapping[int, ItemQuestion] = field(default_factory=dict)
    """The questions that somebody was asked, by index."""


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """A recorded attempt."""

    task: str
    number: int
    created: datetime
    memory: str | None = None
    limit: int | None = None
    """The time limit of its program, in seconds."""
    forced_end: ForcedEnd | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    """The values of variables that expressions gave, by name: a retry has the same."""
    wait_until: datetime | None = None
    """When a wait ends; None: it is a program."""
    asked: ApprovalRequest | None = None
    """What people are asked; None: it is another kind of work."""
    answer: StoredAnswer | None = None
    items: ItemsRecord | None = None
    """None: the task has no items."""
    each: EachRecord | None = None
    """None: the task has no items, or a program for them."""
    index: int | None = None
    """The item that it is the record of; None: it is that of a whole attempt."""

    @property
    def fields(self) -> Mapping[str, Value]:
        """The values of other fields that expressions gave, by their path in the task."""
        if self.items is not None:
            return {FROM: list(self.items.items)}
        return {} if self.asked is None else {MESSAGE: self.asked.message}
