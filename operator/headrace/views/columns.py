"""
The columns of lists, as tables: one for each kind.

The same as those of `kubectl get`, besides what a cell can tell better with the time at hand. Knows
objects; knows no width.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from headrace.engine.text import time_taken
from headrace.views.ages import age
from headrace.views.objects import (
    Object,
    condition,
    entries,
    instant,
    message,
    name,
    namespace,
    reason,
    text,
)

Cell = Callable[[Object, datetime], str]


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    title: str
    cell: Cell
    wide: bool = False
    """Shown only when people ask for more."""
    toned: bool = False
    """The column with the state: it has the colour of the row's mood."""


def _at(*path: str) -> Cell:
    return lambda item, _: text(item, *path)


def _taken(item: Object, now: datetime) -> str:
    """Return how long a run or task took, or has taken so far."""
    begin, end = instant(item, "status", "startTime"), instant(item, "status", "completionTime")
    return time_taken(begin, end or now) or ""


def _age(item: Object, now: datetime) -> str:
    return age(instant(item, "metadata", "creationTimestamp"), now)


def _message(item: Object, _: datetime) -> str:
    return message(item)


def _last_node(item: Object, _: datetime) -> str:
    attempts = entries(item, "status", "attempts")
    return text(attempts[-1], "nodeName") if attempts else ""


def _suspended(item: Object, _: datetime) -> str:
    return text(item, "spec", "suspend") or "false"


def claim(holder: Object) -> str:
    """Name a task that holds slots of a pool, or waits for some."""
    return f"{text(holder, 'run')}.{text(holder, 'task')}"


NAMESPACE: Final = Column("NAMESPACE", lambda item, _: namespace(item))
NAME: Final = Column("NAME", lambda item, _: name(item))
STATUS: Final = Column("STATUS", lambda item, _: reason(item), toned=True)
AGE: Final = Column("AGE", _age)
MESSAGE: Final = Column("MESSAGE", _message, wide=True)
ATTEMPTS: Final = Column("ATTEMPTS", _at("status", "attemptCount"))
ITEMS: Final = Column("ITEMS", _at("status", "items", "progress"))
DURATION: Final = Column("DURATION", _taken)
TASK: Final = Column("TASK", _at("spec", "task"))

WORKFLOWS: Final = (
    NAME,
    Column("READY", lambda item, _: text(condition(item, "Ready"), "status"), toned=True),
    Column("SUSPENDED", _suspended),
    Column("ACTIVE", _at("status", "activeRuns")),
    Column("LAST RUN", lambda item, now: age(instant(item, "status", "lastRunTime"), now)),
    Column("OUTCOME", _at("status", "lastOutcome")),
    Column("NEXT RUN", _at("status", "nextRunTime")),
    AGE,
    Column("WAITING", _at("status", "waitingRuns"), wide=True),
    MESSAGE,
)
RUNS: Final = (
    NAME,
    Column("WORKFLOW", _at("spec", "workflow")),
    STATUS,
    Column("PROGRESS", _at("status", "progress")),
    DURATION,
    Column("LOGICAL TIME", _at("spec", "logicalTime")),
    AGE,
    Column("TRIGGER", _at("spec", "trigger"), wide=True),
    MESSAGE,
)
TASKS: Final = (
    NAME,
    Column("RUN", _at("spec", "run")),
    TASK,
    STATUS,
    ATTEMPTS,
    ITEMS,
    DURATION,
    AGE,
    Column("NODE", _last_node, wide=True),
    MESSAGE,
)
TASKS_OF_RUN: Final = (TASK, STATUS, ATTEMPTS, ITEMS, DURATION, Column("MESSAGE", _message))
"""The tasks of one run, on its page."""
ATTEMPTS_OF_TASK: Final = (
    Column("ATTEMPT", _at("number")),
    Column("REASON", _at("reason")),
    Column("EXIT", _at("exitCode")),
    Column("STARTED", _at("startTime")),
    Column("ENDED", _at("finishTime")),
    Column("POD", lambda item, _: text(item, "podName") or text(item, "runName")),
    Column("MESSAGE", _at("message")),
)
"""The attempts of one task, on its page."""
APPROVALS: Final = (
    NAME,
    Column("RUN", _at("spec", "run")),
    TASK,
    Column("QUESTION", _at("spec", "message")),
    Column("CHOICES", lambda item, _: ",".join(map(str, entries(item, "spec", "choices")))),
    Column("ANSWER", _at("spec", "answer", "choice")),
    STATUS,
    AGE,
    Column("BY", _at("spec", "answer", "by"), wide=True),
    Column("DEADLINE", _at("spec", "deadline"), wide=True),
    MESSAGE,
)
POOLS: Final = (
    NAME,
    Column("SLOTS", _at("spec", "slots")),
    Column("USED", _at("status", "used")),
    Column("WAITING", _at("status", "waiting")),
    Column("NEXT", lambda item, _: "".join(map(claim, entries(item, "status", "queue")[:1]))),
    AGE,
    MESSAGE,
)
BACKFILLS: Final = (
    NAME,
    Column("WORKFLOW", _at("spec", "workflow")),
    STATUS,
    Column("PROGRESS", _at("status", "progress")),
    Column("ACTIVE", _at("status", "active")),
    Column("FAILED", _at("status", "failed")),
    Column("NEXT", _at("status", "next")),
    AGE,
    MESSAGE,
)
OF_KIND: Final[Mapping[str, Sequence[Column]]] = {
    "Workflow": WORKFLOWS,
    "WorkflowRun": RUNS,
    "TaskRun": TASKS,
    "Approval": APPROVALS,
    "Pool": POOLS,
    "Backfill": BACKFILLS,
}
