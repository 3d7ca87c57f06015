"""
The request for one attempt: its work is resolved at this moment.

Knows the changes of a retry rule and the values of expressions. Knows no world.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from headrace.api.checks.instants import from_the_second
from headrace.api.v1alpha1.pod import EnvVar, Resources
from headrace.api.v1alpha1.task import TaskBody
from headrace.engine.definition.compile import TaskDefinition
from headrace.engine.definition.ways import FROM, UNTIL
from headrace.engine.definition.work import (
    Approval,
    Approvals,
    ChildRun,
    ChildRuns,
    Container,
    FanOut,
    Program,
    Timer,
    Timers,
    Work,
)
from headrace.engine.places import Places
from headrace.engine.task.actions import RunContext, Share, StartAttempt
from headrace.engine.task.digest import digest_of
from headrace.engine.task.each import asked_for, called_for, recorded, waits
from headrace.engine.task.item_starts import first_items
from headrace.engine.task.memory import raised, resources_of
from headrace.engine.task.observed import TaskLog
from headrace.engine.task.verdict import Start


def start_attempt(
    task: TaskDefinition, start: Start, context: RunContext, now: datetime
) -> StartAttempt[Work]:
    """
    Return the request for one attempt of a task.

    Args:
        task: The definition of the task.
        start: The number of the attempt, from 1, and the values of its expressions.
        context: The facts about the run for the program.
        now: The time of the turn.

    """
    work = _resolved(task.work, start, now)
    return StartAttempt(
        *(task.name, start.number, context, work, task.timeouts, start.memory),
        share=None if task.pool is None else Share(task.pool, task.pool_slots),
        priority=context.priority + task.priority,
        cache=start.cache,
    )


def start_more(
    task: TaskDefinition, log: TaskLog, begin: Places, context: RunContext
) -> StartAttempt[Work]:
    """
    Return the request for further items of a task's open attempt.

    Args:
        task: The definition of the task.
        log: Its log; the newest attempt is open.
        begin: The items.
        context: The facts about the run.

    """
    work, total = task.work, log.items.total if log.items is not None else 0
    assert isinstance(work, Timers | ChildRuns | Approvals)  # noqa: S101 - the others start at once
    more = replace(work, items=None, total=total, begin=begin)
    priority = context.priority + task.priority
    return StartAttempt(*(task.name, log.count, context, more, task.timeouts), priority=priority)


def _resolved(work: Work, start: Start, now: datetime) -> Work:
    match work:
        case Container():
            body = _body(work, start)
            return work if body is work.body else Container(body)
        case FanOut():
            return _fan_out(work, start)
        case Timer():
            return _timer(work, start, now)
        case ChildRun():
            return called_for(work, start.fields)
        case Approval():
            return asked_for(work, start.fields, now)
        case Timers() | ChildRuns() | Approvals():
            return _each(work, start, now)


def _timer(work: Timer, start: Start, now: datetime) -> Timer:
    """Return a wait with its instant: in whole seconds, as Kubernetes keeps it, never earlier."""
    if work.seconds is not None:
        return Timer(until=from_the_second(now + timedelta(seconds=work.seconds)))
    until = start.fields[UNTIL]
    assert isinstance(until, datetime)  # noqa: S101 - the field wants a timestamp
    return Timer(until=from_the_second(until))


def _each(work: Timers | ChildRuns | Approvals, start: Start, now: datetime) -> Work:
    """Return work over items: with their values in the first attempt, which are then on record."""
    if start.items is not None:
        begin = first_items(start.items.todo, work.max_parallel)
        return replace(work, items=None, total=start.items.total, begin=begin)
    items = start.fields[FROM] if work.items is None else work.items
    assert isinstance(items, Sequence)  # noqa: S101 - the field wants a list
    total, most = len(items), work.max_parallel
    if isinstance(work, Timers):
        untils = start.each.get(UNTIL) or start.fields.get(UNTIL)
        ends = waits(work.of, untils, total, most, now)
        return replace(work, items=items, total=total, given={}, ends=ends)
    given = {path: [recorded(path, each) for each in own] for path, own in start.each.items()}
    begin, digest = first_items(Places.first(total), most), digest_of(items)
    known: dict[str, Any] = {"items": items, "total": total, "given": given, "begin": begin}
    if isinstance(work, ChildRuns):
        return replace(work, of=called_for(work.of, start.fields), digest=digest, **known)
    return replace(work, of=asked_for(work.of, start.fields, now), digest=digest, **known)


def _fan_out(work: FanOut, start: Start) -> FanOut:
    body, known = _body(work, start), start.items
    work = work if start.programs is None else replace(work, max_parallel=start.programs)
    if known is not None and start.number > 1:
        work = replace(work, body=body, items=None, digest=known.digest)
        return replace(work, total=known.total, todo=known.todo)
    items = start.fields[FROM] if work.items is None else work.items
    assert isinstance(items, Sequence)  # noqa: S101 - the field wants a list
    total = len(items)
    todo = Places.first(total) if known is None else known.todo
    return replace(work, body=body, items=items, total=total, todo=todo, digest=digest_of(items))


def _body(work: Program, start: Start) -> TaskBody:
    """Return a program with the changes of a retry rule and the values of expressions."""
    changes: dict[str, Any] = {}
    if start.memory is not None:
        grown = raised(resources_of(work), start.memory)
        changes["resources"] = Resources(
            requests=dict(grown["requests"]), limits=dict(grown["limits"])
        )
    if start.env:
        changes["env"] = tuple(_filled_in(each, start.env) for each in work.body.env)
    return work.body.model_copy(update=changes) if changes else work.body


def _filled_in(variable: EnvVar, env: Mapping[str, str]) -> EnvVar:
    """Return a variable with the value of its expressions."""
    if variable.name not in env:
        return variable
    return variable.model_copy(update={"value": env[variable.name]})
