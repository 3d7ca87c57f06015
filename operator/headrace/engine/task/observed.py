"""
One task as observed: what is on record of it, and what the world shows of it now.

Values only. Knows no rule, no Job and no process.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.outcome import Outcome


class Stage(StrEnum):
    """How far the world got with an attempt."""

    STARTING = "Starting"
    """It is made, but its program does not run yet."""
    RUNNING = "Running"
    ENDED = "Ended"
    """It ended by itself, or the world gave it up."""
    GONE = "Gone"
    """Somebody removed it."""


@dataclass(frozen=True, slots=True)
class Named:
    """Something of the world: the word that people know it by, and its name."""

    kind: str
    name: str

    def __str__(self) -> str:
        """Return both, as a message says it: `pod report-x1`."""
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Where:
    """Where an attempt runs, in the world's own words. None: the world has no such thing."""

    unit: Named | None = None
    """What stands for the attempt, and makes its instances."""
    instance: Named | None = None
    """What its program runs in. There may be another, where one was lost."""
    place: Named | None = None
    """The machine."""

    @property
    def unit_name(self) -> str:
        """The unit's name, empty if there is none."""
        return self.unit.name if self.unit is not None else ""

    def over(self, before: "Where") -> "Where":
        """Return it, completed by what was known before."""
        return Where(
            self.unit or before.unit,
            self.instance or before.instance,
            self.place or before.place,
        )

    def only_unit(self) -> "Where":
        """Return what stays when the instance is lost."""
        return Where(self.unit)


NOWHERE = Where()


@dataclass(frozen=True, slots=True)
class One:
    """The progress of a program that runs once."""

    exit_code: int | None = None
    """None: it has not ended, or no program ended: its machine was lost, for example."""


Progress = One
"""How far the work of an attempt is. Work that is many programs has a progress of its own."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How the world says that an attempt ended."""

    at: datetime
    progress: Progress = One()
    reason: Reason | None = None
    """None: the work ended by itself, and its progress says all."""
    message: str = ""
    output: str = ""
    """What the program wrote as outputs, unread, as far as the world keeps it."""
    output_bytes: int | None = None
    """How many bytes it wrote, if the world knows."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What the world shows of an attempt at this moment."""

    number: int
    stage: Stage
    where: Where = NOWHERE
    created: datetime | None = None
    scheduled: datetime | None = None
    started: datetime | None = None
    waiting: Reason | None = None
    """Why it does not run yet, if the world says so."""
    message: str = ""
    ending: Ending | None = None
    alive: bool = True
    """Something of it may still run, or be started by the world."""
    leaving: bool = False
    """It is being removed, and something of it may still run."""
    memory: str | None = None
    """The memory limit that it was made with, where a retry rule raised it."""
    waiting_since: datetime | None = None
    """Since when it waits for its program to run, if that is not when it was made: what it ran on
    was lost, or somebody held it."""
    crowded_since: datetime | None = None
    """When its program ended well, if something else of its instance goes on."""
    lost: str = ""
    """How an instance of it was lost, or is about to be, if the world makes another."""
    instance_created: datetime | None = None
    """When its instance was made. If that is not the first one, the attempt's log knows."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt as it goes into the log."""

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
    """When its instance was made, if that took the place of another, which was lost. Until there
    is one, when the loss was seen."""

    @property
    def open(self) -> bool:
        """Whether it has not ended."""
        return self.finished is None


LOGGED_ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class TaskLog:
    """The log of a task: all that must survive a crash."""

    attempts: tuple[Attempt, ...] = ()
    """The last ones, oldest first."""
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

    @property
    def last(self) -> Attempt | None:
        """The newest attempt."""
        return self.attempts[-1] if self.attempts else None


EMPTY = TaskLog()
"""The log of a task of which nothing is known yet."""


@dataclass(frozen=True, slots=True)
class ObservedTask:
    """A task of which there is a TaskRun."""

    log: TaskLog = EMPTY
    sighting: Sighting | None = None
    """The newest attempt that the world shows; None: there is none any more. One that was made is
    shown until its end is in the log, unless somebody removed it."""
    lingering: frozenset[int] = frozenset()
    """The numbers of older attempts of which something may still run."""
    generation: int = 1

    @property
    def still_there(self) -> bool:
        """Whether something of it may still run."""
        return bool(self.lingering) or (self.sighting is not None and self.sighting.alive)


@dataclass(frozen=True, slots=True)
class Watched:
    """A task that failed, or waits for something unusual."""

    task: str
    reason: Reason
    message: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Busy:
    """The world could not start a task when it was asked; it may be able to later."""

    reason: Reason
    message: str
    until: datetime
    """When to ask again."""


@dataclass(frozen=True, slots=True)
class Denied:
    """The world refused to start a task, and asking again as it is cannot help."""

    reason: Reason
    message: str
    since: datetime
    """When it was refused."""


Obstacle = Busy | Denied
"""Why the world did not carry out the last request to start a task."""
