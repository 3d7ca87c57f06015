"""
One observed task: its recorded log, and its current state in the world.

Values only. Knows no rule, no Job and no process.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import DesiredState
from headrace.engine.definition.expressions.types import Failure, Value
from headrace.engine.outcome import Outcome
from headrace.engine.places import NO_PLACES, Places
from headrace.engine.task.cached import Lookup
from headrace.engine.task.items import ItemsLog


class Stage(StrEnum):
    """The stage of an attempt in the world."""

    STARTING = "Starting"
    """The attempt is created, but its program does not run yet."""
    RUNNING = "Running"
    WAITING = "Waiting"
    """The attempt has no program: it ends at its instant."""
    ENDED = "Ended"
    """The attempt ended by itself, or the world gave it up."""
    GONE = "Gone"
    """Somebody removed the attempt."""


@dataclass(frozen=True, slots=True)
class Named:
    """An object of the world: the word that people use for it, and its name."""

    kind: str
    name: str

    def __str__(self) -> str:
        """Return both, as in messages: `pod report-x1`."""
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Where:
    """Where an attempt runs, in the world's own words. None: the world has no such object."""

    unit: Named | None = None
    """The object that stands for the attempt and creates its instances."""
    instance: Named | None = None
    """The instance that the program runs in. After a loss, there may be another."""
    place: Named | None = None
    """The machine."""

    @property
    def unit_name(self) -> str:
        """The unit's name, empty if there is none."""
        return self.unit.name if self.unit is not None else ""

    def over(self, before: "Where") -> "Where":
        """Return it, completed by what was known before."""
        if self.unit and self.instance and self.place:
            return self
        return Where(
            self.unit or before.unit,
            self.instance or before.instance,
            self.place or before.place,
        )

    def only_unit(self) -> "Where":
        """Return what stays when the instance is lost."""
        return Where(self.unit)


NOWHERE = Where()

RUN = "run"
"""The kind of a unit that is a run of a called workflow, in each world."""


@dataclass(frozen=True, slots=True)
class One:
    """The progress of a program that runs once."""

    exit_code: int | None = None
    """None: it has not ended, or it has no exit code, because its machine was lost for example."""


Progress = One
"""The progress of an attempt's work. That of items is in the task's log: attempts share it."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to a question to people."""

    choice: str
    by: str = ""
    """Who chose it; empty: nobody did, or nobody knows who."""
    comment: str = ""
    fails: bool = False
    """The choice is one that fails the task."""


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of an attempt, from the world."""

    at: datetime
    progress: Progress = One()
    reason: Reason | None = None
    """None: the work ended by itself, and its progress says how."""
    message: str = ""
    output: str = ""
    """The text that the program wrote as outputs, as far as the world keeps it."""
    output_bytes: int | None = None
    """How many bytes the program wrote, if the world knows."""
    answer: Answered | None = None
    """What people answered, if they were asked."""


@dataclass(frozen=True, slots=True)
class SeenItems:
    """The items of an attempt in the world. Items that ended before it may be among them."""

    total: int
    """How many items the task has."""
    ended: Mapping[int, Ending] = field(default_factory=dict)
    """How items ended, by index."""
    succeeded: Places = NO_PLACES
    """Items that succeeded and have no ending: their instances are gone."""
    running: Places = NO_PLACES
    """Items whose program, run or question goes on."""
    digest: str = ""
    """A hash of the items; empty: the world does not know it."""
    expected: Mapping[int, Ending] = field(default_factory=dict)
    """How items will end by themselves, if nothing else ends them before."""
    since: Mapping[int, datetime] = field(default_factory=dict)
    """When the runs of items were created that go on."""
    passed: Mapping[int, DesiredState] = field(default_factory=dict)
    """The states that were passed on to them."""
    unclosed: Places = NO_PLACES
    """Items that are not shown as ended to people who look at them."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """The current state of an attempt in the world."""

    number: int
    stage: Stage
    where: Where = NOWHERE
    created: datetime | None = None
    scheduled: datetime | None = None
    started: datetime | None = None
    waiting: Reason | None = None
    """Why the program does not run yet, if the world knows."""
    message: str = ""
    ending: Ending | None = None
    expected: Ending | None = None
    """How it will end by itself, if nothing else ends it before."""
    alive: bool = True
    """A part of it may still run, or be started by the world."""
    leaving: bool = False
    """It is being removed, and a part of it may still run."""
    unclosed: bool = False
    """Nothing of it runs, and people who look at it cannot see that yet."""
    memory: str | None = None
    """The memory limit of the attempt, if a retry rule raised it."""
    waiting_since: datetime | None = None
    """Since when it waits for its program to run, if that is not its creation: its instance was
    lost, or somebody suspended it."""
    crowded_since: datetime | None = None
    """When its program succeeded, if another part of its instance goes on."""
    lost: str = ""
    """How an instance was lost, or will be, if the world creates another."""
    instance_created: datetime | None = None
    """When its instance was created. The attempt's log knows whether that is the first one."""
    due: datetime | None = None
    """When it succeeds by itself: only time has to pass."""
    passed: DesiredState | None = None
    """The state that was passed on to the attempt's run; None: the attempt is no run."""
    items: SeenItems | None = None
    """The items of an attempt with many programs. Then the times above are those of the first one
    that started, and an ending is that of all items that have none of their own."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt in the log."""

    number: int
    where: Where = NOWHERE
    created: datetime | None = None
    scheduled: datetime | None = None
    started: datetime | None = None
    finished: datetime | None = None
    progress: Progress = One()
    reason: Reason | None = None
    message: str = ""
    memory: str | None = None
    """The memory limit, where a retry rule raised it."""
    replaced: datetime | None = None
    """When its instance was created after a loss; until there is one, when the loss was seen."""

    @property
    def open(self) -> bool:
        """Whether the attempt has not ended."""
        return self.finished is None

    @property
    def exit_code(self) -> int | None:
        """The exit code of its program, if it ran once."""
        return self.progress.exit_code


@dataclass(frozen=True, slots=True)
class TaskLog:
    """The log of a task: all facts that must survive a crash."""

    attempts: tuple[Attempt, ...] = ()
    """The last attempts, oldest first."""
    count: int = 0
    user_failures: int = 0
    infrastructure_failures: int = 0
    outcome: Outcome | None = None
    reason: Reason = Reason.PENDING
    message: str = ""
    started: datetime | None = None
    finished: datetime | None = None
    next_attempt: datetime | None = None
    outputs: Mapping[str, Any] | None = None
    observed_generation: int = 0
    items: ItemsLog | None = None
    """The items of a task with forEach, from its first attempt on."""
    taken_over_from: str | None = None
    """The first run that did the work; None: this run does all of it."""
    done: datetime | None = None
    """When that run had done the work."""

    @property
    def last(self) -> Attempt | None:
        """The newest attempt."""
        return self.attempts[-1] if self.attempts else None


EMPTY = TaskLog()
"""The log of a new task."""


@dataclass(frozen=True, slots=True)
class ObservedTask:
    """A task with a TaskRun."""

    log: TaskLog = EMPTY
    sighting: Sighting | None = None
    """The newest attempt in the world; None: none exists any more. An attempt stays there until its
    end is in the log, unless somebody removes it."""
    lingering: frozenset[int] = frozenset()
    """The numbers of older attempts that may still run."""
    generation: int = 1
    cache_hash: str = ""
    """Of an earlier run: by what later runs find the result; empty: they cannot."""

    @property
    def unsettled(self) -> bool:
        """Whether an attempt may still run, or people cannot see its end yet."""
        return self.still_there or (self.sighting is not None and self.sighting.unclosed)

    @property
    def still_there(self) -> bool:
        """Whether an attempt of the task may still run."""
        return bool(self.lingering) or (self.sighting is not None and self.sighting.alive)


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The values of a task's expressions."""

    when: Value | Failure = None
    """The value of `when`. None: it was not asked."""
    env: Mapping[str, Value | Failure] = field(default_factory=dict)
    """The values of variables, by name; empty if `when` is not true."""
    fields: Mapping[str, Value | Failure] = field(default_factory=dict)
    """The values of other fields, by their path in the task; empty if `when` is not true."""
    each: Mapping[str, Sequence[Value | Failure]] = field(default_factory=dict)
    """The values of fields that read the item, one for each item. A failure is the last one."""
    cache: Lookup | None = None
    """What the task's cache has; None: it was not asked."""
