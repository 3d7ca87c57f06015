"""
From the request for an attempt to its record, and back: another runner repeats it.

Knows what of a request must survive the runner. Reads and writes nothing.
"""

from collections.abc import Iterable
from datetime import datetime

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.task import TaskBody
from headrace.engine.definition.compile import TaskDefinition
from headrace.engine.definition.work import (
    Approval,
    Approvals,
    ChildRuns,
    FanOut,
    Program,
    Timer,
    Timers,
    Work,
)
from headrace.engine.task.actions import RunContext, StartAttempt
from headrace.engine.task.obstacles import Denied
from headrace.engine.task.verdict import Start
from headrace.engine.task.work import start_attempt
from headrace.local.records import AttemptRecord, EachRecord, ItemsRecord
from headrace.manifests.item_files import too_large


def record_of(
    start: StartAttempt[Work],
    task: TaskDefinition,
    now: datetime,
    before: Iterable[AttemptRecord] = (),
) -> AttemptRecord:
    """
    Return the record of a new attempt.

    Args:
        start: The request.
        task: The definition of its task.
        now: When it is started.
        before: The earlier attempts of the run. Those of one task have the same items.

    """
    limit = start.timeouts.attempt_seconds
    body = start.work.body if isinstance(start.work, Program) else TaskBody()
    env = {each.name: each.value or "" for each in body.env}
    given = {name: env[name] for name in task.expressions.env}
    items = _items(start.task, start.work, before) if isinstance(start.work, FanOut) else None
    return AttemptRecord(
        *(start.task, start.number, now, start.memory, limit),
        env=given,
        wait_until=start.work.until if isinstance(start.work, Timer) else None,
        asked=start.work.asked if isinstance(start.work, Approval) else None,
        items=items,
        each=_each(start.task, start.work, before),
    )


def request_of(
    record: AttemptRecord, task: TaskDefinition, context: RunContext
) -> StartAttempt[Work]:
    """Return the request for the attempt of a record."""
    start = Start(record.number, record.memory, record.env, record.fields)
    return start_attempt(task, start, context, record.created)


def refusal_of(start: StartAttempt[Work], now: datetime) -> Denied | None:
    """Return why a task cannot start here; None: it can."""
    if not isinstance(start.work, FanOut) or start.work.items is None:
        return None
    problem = too_large(start.work.items, start.context.params)
    return None if problem is None else Denied(Reason.INVALID_DEFINITION, problem, now)


def _each(task: str, work: Work, before: Iterable[AttemptRecord]) -> EachRecord | None:
    """Return the work of items: a later attempt has that of the first one."""
    if not isinstance(work, Timers | ChildRuns | Approvals):
        return None
    if work.given is None:
        return next((record.each for record in before if record.task == task), None)
    return EachRecord(
        work.total,
        ends=work.ends if isinstance(work, Timers) else (),
        params=work.of.params if isinstance(work, ChildRuns) else {},
        asked=work.of.asked if isinstance(work, Approvals) else None,
        given=work.given,
        digest=work.digest,
    )


def _items(task: str, work: FanOut, before: Iterable[AttemptRecord]) -> ItemsRecord:
    own = (record.items for record in before if record.task == task)
    known = (items.items for items in own if items is not None)
    items = next(known, work.items)
    assert items is not None  # noqa: S101 - the first attempt is told its items
    return ItemsRecord(items, work.todo)
