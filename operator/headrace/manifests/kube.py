"""
The parts of Kubernetes objects that Headrace reads.

The decoder drops all other parts. So a cache of thousands of pods stays small, and a huge object
fills only the API server's memory.
"""

from collections.abc import Iterable, Sized
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec.structs import force_setattr

from headrace.api.v1alpha1 import labels
from headrace.api.v1alpha1.pool import PoolSpec
from headrace.api.v1alpha1.taskrun import TaskRunSpec
from headrace.kube.objects import Meta, View
from headrace.manifests.each_spec import items_facts
from headrace.manifests.job import CONTAINER
from headrace.manifests.json_form import name_of
from headrace.manifests.run_spec import READ_OFTEN, rerun_head
from headrace.manifests.trimming import (
    ELEMENTS,
    VALUE,
    WORDS,
    bare,
    beginning,
    few,
    head,
    usual,
    whole,
)
from headrace.manifests.work_spec import CACHE_HASH, WAIT_UNTIL

ATTEMPT: Final = (
    *(labels.WORKFLOW, labels.RUN, labels.TASK, labels.ATTEMPT),
    *(labels.POOL, labels.QUEUE),
)
"""The labels of Jobs and Pods that are read."""
ITEM: Final = (labels.ATTEMPT, labels.INDEX)
"""The labels of called runs that are read."""
_NOTES: Final = frozenset(
    {labels.MEMORY, labels.UNPREPARED, labels.ITEMS, labels.POOL_SLOTS},
)
"""The annotations of Jobs that are read."""
_OF_POD: Final = frozenset({labels.COMPLETION_INDEX, labels.POOL_SLOTS})
"""The annotations of Pods that are read."""
_OF_OWN: Final = frozenset(
    {
        *(labels.REQUESTED_BY, labels.ARCHIVED),
        *(labels.BACKFILL_UID, labels.BACKFILL_TICK),
    }
)
"""The annotations of our own objects that are read."""
INDEXES: Final = 64 * 1024
"""How many characters of a Job's indexes are kept: those of 10,000 items have fewer."""
PLACE: Final = (name_of(TaskRunSpec, "run"), name_of(TaskRunSpec, "task"))
"""The fields that are kept of a TaskRun in a run: the run's definition has the rest."""
_PLACE: Final = frozenset(PLACE)
SLOTS: Final = name_of(PoolSpec, "slots")
HEAD: Final = (*PLACE, WAIT_UNTIL, CACHE_HASH, *READ_OFTEN, SLOTS)
"""The fields of a spec that are read again and again."""


class ConditionView(View, frozen=True):
    """A condition of a Job or Pod."""

    type: str
    status: str = ""
    reason: str = ""
    message: str = ""
    last_transition_time: datetime | None = None

    def __post_init__(self) -> None:
        """Keep what is usual of the message."""
        if len(self.message) > VALUE:
            force_setattr(self, "message", beginning(self.message))


def holds(conditions: Iterable[ConditionView], kind: str) -> ConditionView | None:
    """Return the condition of a kind, if it holds."""
    for condition in conditions:
        if condition.type == kind and condition.status == "True":
            return condition
    return None


class JobSpec(View, frozen=True):
    """A Job's spec."""

    suspend: bool = False
    completion_mode: str = ""
    """`Indexed` for a Job over items."""
    completions: int = 0
    parallelism: int = 1


class JobStatus(View, frozen=True):
    """A Job's status."""

    conditions: tuple[ConditionView, ...] = ()
    completed_indexes: str = ""
    failed_indexes: str = ""

    def __post_init__(self) -> None:
        """Keep a usual number of conditions, and indexes of as many items as a task has."""
        if len(self.conditions) > ELEMENTS:
            force_setattr(self, "conditions", few(self.conditions))
        if max(len(self.completed_indexes), len(self.failed_indexes)) > INDEXES:
            force_setattr(self, "completed_indexes", "")
            force_setattr(self, "failed_indexes", "")


class Job(View, frozen=True):
    """A Job."""

    metadata: Meta
    spec: JobSpec = JobSpec()
    status: JobStatus = JobStatus()

    def __post_init__(self) -> None:
        """Keep what is read of the metadata."""
        if not usual(self.metadata, _NOTES):
            force_setattr(self, "metadata", bare(self.metadata, ATTEMPT, _NOTES))


class Waiting(View, frozen=True):
    """A container that does not run yet."""

    reason: str = ""
    message: str = ""

    def __post_init__(self) -> None:
        """Keep what is usual of the message."""
        if len(self.message) > WORDS:
            force_setattr(self, "message", beginning(self.message, WORDS))


class Running(View, frozen=True):
    """A container that runs."""

    started_at: datetime | None = None


class Terminated(View, frozen=True):
    """A container that ended."""

    exit_code: int = 0
    reason: str = ""
    message: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None

    def __post_init__(self) -> None:
        """Keep what is usual of the message."""
        if len(self.message) > WORDS:
            force_setattr(self, "message", beginning(self.message, WORDS))


class ContainerState(View, frozen=True):
    """Exactly one of these, or none yet."""

    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class ContainerStatus(View, frozen=True):
    """A container's status."""

    name: str = ""
    state: ContainerState = ContainerState()


def _is_main(status: ContainerStatus) -> bool:
    return status.name == CONTAINER


class PodSpec(View, frozen=True):
    """A Pod's spec."""

    node_name: str = ""


class PodStatus(View, frozen=True):
    """A Pod's status."""

    phase: str = ""
    reason: str = ""
    message: str = ""
    conditions: tuple[ConditionView, ...] = ()
    init_container_statuses: tuple[ContainerStatus, ...] = ()
    container_statuses: tuple[ContainerStatus, ...] = ()

    def __post_init__(self) -> None:
        """Keep a usual number of each, and what is usual of the message."""
        if len(self.message) <= VALUE and max(map(len, self._lists())) <= ELEMENTS:
            return
        force_setattr(self, "message", beginning(self.message))
        force_setattr(self, "conditions", few(self.conditions))
        force_setattr(self, "init_container_statuses", few(self.init_container_statuses))
        force_setattr(self, "container_statuses", few(self.container_statuses, _is_main))

    def _lists(self) -> tuple[Sized, ...]:
        return self.conditions, self.init_container_statuses, self.container_statuses


class Pod(View, frozen=True):
    """A Pod."""

    metadata: Meta
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()

    def __post_init__(self) -> None:
        """Keep what is read of the metadata."""
        if not usual(self.metadata, _OF_POD):
            force_setattr(self, "metadata", bare(self.metadata, ATTEMPT, _OF_POD))


class OwnObject(View, frozen=True):
    """A WorkflowRun, TaskRun, Pool or Backfill, as the cache keeps it."""

    metadata: Meta
    spec: dict[str, Any] = msgspec.field(default_factory=dict)
    """The fields in HEAD, and the run that it repeats."""
    status: dict[str, Any] = msgspec.field(default_factory=dict)
    written: bytes = b""
    """The whole of a small spec, as JSON."""
    cut: bool = False
    """Whether the spec is in `WholeObject` only: it is large, or the run's definition has it, or
    the TaskRun has ended. No API server sends this field, nor the one before."""

    def __post_init__(self) -> None:
        """Keep the metadata that is read, and a usual amount of the spec."""
        if not usual(self.metadata, _OF_OWN):
            force_setattr(self, "metadata", bare(self.metadata, ITEM, _OF_OWN))
        kept = {**head(self.spec, HEAD), **rerun_head(self.spec), **items_facts(self.spec)}
        if self.status.get("outcome") or kept.keys() >= _PLACE:
            written = b""
        else:
            written = self.written if self.written or self.cut else whole(self.spec)
        force_setattr(self, "spec", kept)
        force_setattr(self, "written", written)
        force_setattr(self, "cut", not written)


class WholeObject(View, frozen=True):
    """A WorkflowRun or TaskRun with its whole spec. No cache keeps it."""

    metadata: Meta
    spec: dict[str, Any] = msgspec.field(default_factory=dict)


class TemplateObject(View, frozen=True):
    """A TaskTemplate or ClusterTaskTemplate."""

    metadata: Meta
    spec: dict[str, Any] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        """Keep what is read of the metadata."""
        if not usual(self.metadata):
            force_setattr(self, "metadata", bare(self.metadata, (), ()))


class WorkflowObject(View, frozen=True):
    """
    A Workflow.

    Its spec is unparsed JSON: parsed, it may take twenty times as much memory.
    """

    metadata: Meta
    spec: msgspec.Raw = msgspec.Raw(b"{}")
    status: dict[str, Any] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        """Keep what is read of the metadata."""
        if not usual(self.metadata):
            force_setattr(self, "metadata", bare(self.metadata, (), (labels.REQUESTED_BY,)))
