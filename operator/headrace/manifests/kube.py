"""
The parts of Kubernetes objects that Headrace looks at.

Everything else of an object is dropped when it is decoded, so a cache of thousands of pods
stays small.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from headrace.kube.objects import Meta, View


class ConditionView(View, frozen=True):
    """A condition of a Job or Pod."""

    type: str
    status: str = ""
    reason: str = ""
    message: str = ""
    last_transition_time: datetime | None = None


def holds(conditions: Iterable[ConditionView], kind: str) -> ConditionView | None:
    """Return the condition of a kind, if it holds."""
    for each in conditions:
        if each.type == kind and each.status == "True":
            return each
    return None


class JobSpec(View, frozen=True):
    """A Job's spec."""

    suspend: bool = False


class JobStatus(View, frozen=True):
    """A Job's status."""

    conditions: tuple[ConditionView, ...] = ()


class Job(View, frozen=True):
    """A Job."""

    metadata: Meta
    spec: JobSpec = JobSpec()
    status: JobStatus = JobStatus()


class Waiting(View, frozen=True):
    """A container that does not run yet."""

    reason: str = ""
    message: str = ""


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


class ContainerState(View, frozen=True):
    """Exactly one of these, or none yet."""

    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class ContainerStatus(View, frozen=True):
    """A container's status."""

    name: str = ""
    state: ContainerState = ContainerState()


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


class Pod(View, frozen=True):
    """A Pod."""

    metadata: Meta
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()


class OwnObject(View, frozen=True):
    """A WorkflowRun or TaskRun: its parts are parsed by the API types, once per generation."""

    metadata: Meta
    spec: dict[str, Any] = msgspec.field(default_factory=dict)
    status: dict[str, Any] = msgspec.field(default_factory=dict)
