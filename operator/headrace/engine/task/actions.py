"""Everything the engine can ask a world for. A new kind of action is a new class here."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from headrace.api.v1alpha1.run import Interval
from headrace.api.v1alpha1.task import TaskTimeouts
from headrace.engine.definition.work import Work


@dataclass(frozen=True, slots=True)
class RunContext:
    """What the attempts of a run are told about it, besides their own task."""

    namespace: str
    run: str
    run_uid: str
    workflow: str
    logical_time: str
    """RFC 3339."""
    interval: Interval | None = None
    params: Mapping[str, bool | int | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StartAttempt:
    """Start one attempt of a task. Asking again for the same attempt changes nothing."""

    task: str
    number: int
    context: RunContext
    work: Work
    """What it does, resolved for this attempt."""
    timeouts: TaskTimeouts
    memory: str | None = None
    """The memory limit, where a retry rule raised it."""


@dataclass(frozen=True, slots=True)
class EndAttempt:
    """End an attempt, if anything of it still runs."""

    task: str
    number: int


Action = StartAttempt | EndAttempt
