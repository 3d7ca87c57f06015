"""
The request for one attempt: its work is resolved at this moment.

Knows the changes of a retry rule and the values of expressions. Knows no world.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from headrace.api.checks.instants import from_the_second
from headrace.api.v1alpha1.approval import LONGEST_QUESTION
from headrace.api.v1alpha1.pod import EnvVar, Resources
from headrace.api.v1alpha1.task import TaskBody
from headrace.engine.definition.compile import TaskDefinition
from headrace.engine.definition.expressions.results import as_text
from headrace.engine.definition.expressions.types import Value
from headrace.engine.definition.ways import FROM, MESSAGE, PARAM, UNTIL
from headrace.engine.definition.work import (
    Approval,
    ChildRun,
    Container,
    FanOut,
    Program,
    Timer,
    Work,
)
from headrace.engine.places import Places
from headrace.engine.task.actions import RunContext, Share, StartAttempt
from headrace.engine.task.digest import digest_of
from headrace.engine.task.memory import raised, resources_of
from headrace.engine.task.verdict import Start
from headrace.engine.text import clip


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
    )


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
            return _child_run(work, start.fields)
        case Approval():
            return _approval(work, start, now)


def _child_run(work: ChildRun, values: Mapping[str, Value]) -> ChildRun:
    if not values:
        return work
    params = {
        name: _param(values.get(PARAM.format(index), value))
        for index, (name, value) in enumerate(work.params.items())
    }
    return ChildRun(work.workflow, params)


def _param(value: Value) -> bool | int | str:
    """Return a value as a parameter can hold it: as text, if it is of no type of parameters."""
    if isinstance(value, bool | int | str):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return as_text(value)


def _timer(work: Timer, start: Start, now: datetime) -> Timer:
    """Return a wait with its instant: in whole seconds, as Kubernetes keeps it, never earlier."""
    if work.seconds is not None:
        return Timer(until=from_the_second(now + timedelta(seconds=work.seconds)))
    until = start.fields[UNTIL]
    assert isinstance(until, datetime)  # noqa: S101 - the field wants a timestamp
    return Timer(until=from_the_second(until))


def _approval(work: Approval, start: Start, now: datetime) -> Approval:
    asked, seconds = work.asked, work.asked.timeout_seconds
    if MESSAGE in start.fields:
        question = clip(as_text(start.fields[MESSAGE]), LONGEST_QUESTION)
        asked = asked.model_copy(update={"message": question})
    return Approval(asked, None if seconds is None else now + timedelta(seconds=seconds))


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
