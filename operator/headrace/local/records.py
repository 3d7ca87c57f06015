"""The records of runs and attempts on this machine, besides their logs. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import DesiredState
from headrace.api.v1alpha1.task import TaskBody
from headrace.engine.definition.compile import TaskDefinition
from headrace.engine.definition.work import Container, Timer, Work
from headrace.engine.run.observed import RunKey
from headrace.engine.task.actions import StartAttempt


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


@dataclass(frozen=True, slots=True)
class ForcedEnd:
    """Why headrace ended or refused an attempt: no exit code says so."""

    reason: Reason
    message: str


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


def attempt_record(start: StartAttempt[Work], task: TaskDefinition, now: datetime) -> AttemptRecord:
    """Return the record of an attempt that is asked for."""
    limit = start.timeouts.attempt_seconds
    body = start.work.body if isinstance(start.work, Container) else TaskBody()
    env = {each.name: each.value or "" for each in body.env}
    given = {name: env[name] for name in task.expressions.env}
    until = start.work.until if isinstance(start.work, Timer) else None
    return AttemptRecord(
        *(start.task, start.number, now, start.memory, limit), env=given, wait_until=until
    )
