"""The actions that the engine can ask of a world. A new kind of action is a new class here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic

from headrace.api.v1alpha1.cache import CacheMode
from headrace.api.v1alpha1.run import DesiredState, Interval
from headrace.api.v1alpha1.task import TaskTimeouts
from headrace.engine.definition.expressions.types import Question
from headrace.engine.definition.work import W_co, Work
from headrace.engine.places import Places
from headrace.engine.task.cached import CacheEntry, CacheQuestion
from headrace.engine.task.observed import TaskLog


@dataclass(frozen=True, slots=True)
class RunContext:
    """The facts about a run that its attempts receive."""

    namespace: str
    run: str
    run_uid: str
    workflow: str
    logical_time: str
    """RFC 3339."""
    interval: Interval | None = None
    params: Mapping[str, bool | int | str] = field(default_factory=dict)
    priority: int = 0
    queue: str | None = None
    """The queue of Kueue that Jobs wait in; None: they wait in none."""
    cache: CacheMode = CacheMode.USE
    """What the runs that it calls do with the caches of their tasks."""


@dataclass(frozen=True, slots=True)
class Share:
    """The share of an attempt in a pool."""

    pool: str
    each: int
    """How many slots each of its programs holds."""


@dataclass(frozen=True, slots=True)
class StartAttempt(Generic[W_co]):
    """Start one attempt of a task, or more of its items. A repetition changes nothing."""

    task: str
    number: int
    context: RunContext
    work: W_co
    """The work, resolved for this attempt."""
    timeouts: TaskTimeouts
    memory: str | None = None
    """The memory limit, if a retry rule raised it."""
    begins_with: TaskLog | None = None
    """The task's log before its first attempt, with what an earlier run did. It is written before
    anything runs. None: an empty log."""
    share: Share | None = None
    """None: the attempt needs no pool."""
    priority: int = 0
    """The priority of the run plus that of the task."""
    cache: CacheEntry | None = None
    """Where later runs find the result; None: nowhere. The first attempt puts it on record."""


@dataclass(frozen=True, slots=True)
class TakeOver:
    """Record a task that an earlier run did. A repetition changes nothing."""

    task: str
    context: RunContext
    log: TaskLog
    attempt: StartAttempt[Work] | None = None
    """The attempt that it stands for: the TaskRun says what would have run. None: the TaskRun says
    nothing of that."""
    cache_hash: str = ""
    """By what later runs find the result, without an attempt that says so; empty: they cannot."""

    @property
    def found_by(self) -> str:
        """By what later runs find the result; empty: they cannot."""
        entry = self.attempt.cache if self.attempt is not None else None
        return self.cache_hash if entry is None else entry.hash


@dataclass(frozen=True, slots=True)
class EndAttempt:
    """End an attempt, if any part of it still runs."""

    task: str
    number: int
    items: Places | None = None
    """The items to end; None: all of the attempt."""


@dataclass(frozen=True, slots=True)
class PassOn:
    """Pass a state on to the run that an attempt has called, or to those of its items."""

    task: str
    number: int
    desired: DesiredState
    items: Places | None = None
    """The items whose runs it is passed on to; None: the attempt has no items."""


OF_THE_RUN = ""
"""Stands for the run itself among the tasks with expressions: its outputs are expressions too."""


@dataclass(frozen=True, slots=True)
class Evaluate:
    """
    Find the values of a task's expressions, for the next observation.

    The TaskRun of a task that has begun has the values of `env`: these are the answer, and its
    `when` was true. Otherwise they are evaluated.
    """

    task: str
    when: Question | None = None
    """None: it is not asked. Otherwise `env` is asked only if this is true."""
    env: Mapping[str, Question] = field(default_factory=dict)
    """By the name of the variable."""
    fields: Mapping[str, Question] = field(default_factory=dict)
    """The expressions of other fields, by their path in the task."""
    each: Mapping[str, Question] = field(default_factory=dict)
    """Those that read the item: they are asked once for each."""
    items: Sequence[Any] | None = None
    """The items; None: `forEach.from` gives them, which is one of the fields."""
    cache: CacheQuestion | None = None
    """What is asked of the task's cache, once its key has a value; None: nothing."""


Action = StartAttempt[Work] | TakeOver | EndAttempt | PassOn | Evaluate
