"""
The ways that a task can do its work: exactly one, each with the fields that make sense beside it.

Knows the API types. A new kind of work is one line of the table.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from headrace.api.reading.problem import Problem
from headrace.api.v1alpha1.approval import ApprovalRequest
from headrace.api.v1alpha1.call import WorkflowCall
from headrace.api.v1alpha1.for_each import MAX_CHILDREN, MAX_ITEMS
from headrace.api.v1alpha1.task import (
    Defaults,
    NamedTask,
    Output,
    Task,
    TaskBody,
    TaskTimeouts,
    Wait,
)
from headrace.engine.definition.expressions.leaves import OPEN, parse_leaf
from headrace.engine.definition.expressions.types import Expression, Failure, Template, Wants
from headrace.engine.definition.work import (
    Approval,
    ChildRun,
    Container,
    FanOut,
    Timer,
    Work,
    done_for_each,
)

UNTIL: Final = "wait.until"
"""The path of the instant that a wait ends at."""

MESSAGE: Final = "approval.message"
"""The path of the question to people."""

FROM: Final = "forEach.from"
"""The path of the list of items."""

CACHE_KEY: Final = "cache.key"
"""The path of the text by which an earlier result is found."""

_NO_TIMEOUTS: Final = TaskTimeouts()

PARAM: Final = "workflow.params[{}].value"
"""The path of a value that a called workflow gets."""

Fields = Mapping[str, Expression | Template | Failure]
"""Expressions by their path in the task. A Failure is a leaf that cannot be read."""


def _no_fields(_: Any) -> Fields:
    return {}


def _no_problems(_path: str, _value: Any, _timeouts: TaskTimeouts) -> Iterator[Problem]:
    yield from ()


@dataclass(frozen=True, slots=True)
class Way:
    """One way that a task can do its work, besides a program in a container."""

    field: str
    """The attribute of a task that chooses it."""
    work: Callable[[Any], Timer | ChildRun | Approval]
    """Makes the work, from the attribute's value."""
    fields: Callable[[Any], Fields] = _no_fields
    """Finds the expressions in the attribute's value, by their path in the task."""
    beside: frozenset[str] = frozenset()
    """The settings of a program that also make sense here."""
    limits: frozenset[str] = frozenset({"total_seconds"})
    """The timeouts that make sense here."""
    problems: Callable[[str, Any, TaskTimeouts], Iterator[Problem]] = _no_problems
    """Finds what cannot work, from the path of the task, the attribute's value, and the timeouts of
    the task with the defaults filled in."""
    outputs: tuple[Output, ...] = ()
    """The outputs that each task of this kind gives."""
    most_items: int = MAX_ITEMS
    """For how many items it can be done: objects of a cluster cost memory and time."""


def _timer(wait: Wait) -> Timer:
    return Timer(seconds=wait.seconds)


def _until(wait: Wait) -> Fields:
    return {} if wait.until is None else {UNTIL: Expression(wait.until, Wants.TIMESTAMP)}


def _too_long(path: str, wait: Wait, timeouts: TaskTimeouts) -> Iterator[Problem]:
    total = timeouts.total_seconds
    if wait.seconds is not None and total is not None and wait.seconds >= total:
        message = (
            f"the wait is not shorter than timeouts.totalSeconds ({total}), so the task could only"
            " fail; set a longer totalSeconds for it"
        )
        yield Problem(f"{path}.wait.seconds", message)


def _child_run(call: WorkflowCall) -> ChildRun:
    return ChildRun(call.name, {param.name: param.value for param in call.params})


def _passed(call: WorkflowCall) -> Fields:
    """Return the values with expressions."""
    return {
        PARAM.format(index): parse_leaf(param.value)
        for index, param in enumerate(call.params)
        if isinstance(param.value, str) and OPEN in param.value
    }


def _message(asked: ApprovalRequest) -> Fields:
    return {MESSAGE: parse_leaf(asked.message)} if OPEN in asked.message else {}


_ANSWER: Final = (
    Output(name="choice", description="The choice."),
    Output(name="by", description="Who chose it; empty if nobody did, or nobody knows."),
    Output(name="comment", description="What that person said about it."),
)

WAYS: Final = (
    Way("wait", _timer, _until, frozenset({"timeouts"}), problems=_too_long),
    Way(
        *("workflow", _child_run, _passed),
        most_items=MAX_CHILDREN,
        beside=frozenset({"retry", "timeouts", "outputs", "priority"}),
        limits=frozenset({"attempt_seconds", "total_seconds"}),
    ),
    Way(
        *("approval", Approval, _message, frozenset({"retry", "timeouts"})),
        outputs=_ANSWER,
        most_items=MAX_CHILDREN,
    ),
)
"""The ways besides a program."""


def way_of(task: NamedTask) -> tuple[Way, Any] | None:
    """Return the way of a task and its value; None: the task runs a program."""
    for way in WAYS:
        value = getattr(task, way.field)
        if value is not None:
            return way, value
    return None


def work_of(task: NamedTask, body: TaskBody) -> Work:
    """Return the work of a task; `body` is its program with the defaults filled in."""
    chosen, each = way_of(task), task.for_each
    own = None if chosen is None else chosen[0].work(chosen[1])
    if each is None:
        return own or Container(body)
    known = each.known
    most, tolerated = each.max_parallel, each.tolerated_failures
    if own is not None:
        return done_for_each(own, known, most, tolerated)
    return FanOut(body, known, len(known or ()), max_parallel=most, tolerated=tolerated)


def fields_of(task: NamedTask) -> Fields:
    """Return the expressions outside of `when` and `env`, by their path in the task."""
    chosen, each = way_of(task), task.for_each
    own = {} if chosen is None else chosen[0].fields(chosen[1])
    if isinstance(task, Task) and task.cache is not None:
        return {**own, CACHE_KEY: Expression(task.cache.key, Wants.STRING)}
    if each is None or each.from_ is None:
        return own
    return {**own, FROM: Expression(each.from_, Wants.LIST)}


def limits_of(task: NamedTask, timeouts: TaskTimeouts) -> TaskTimeouts:
    """Return the limits of a task that its work can exceed; the defaults may have others."""
    chosen = way_of(task)
    if chosen is None:
        return timeouts
    return TaskTimeouts(**{name: getattr(timeouts, name) for name in chosen[0].limits})


def declared_outputs(task: NamedTask) -> tuple[Output, ...]:
    """Return the outputs that are known of a task: those of its way, or its own."""
    chosen = way_of(task)
    return (() if chosen is None else chosen[0].outputs) or task.outputs


def _name(attribute: str) -> str:
    return str(NamedTask.model_fields[attribute].alias)


def ways_problems(path: str, task: NamedTask, defaults: Defaults) -> Iterator[Problem]:
    """Yield the fields of a task that contradict the way it does its work."""
    chosen = way_of(task)
    if chosen is None:
        return
    own = _name(chosen[0].field)
    for attribute in TaskBody.model_fields:
        if attribute in task.model_fields_set and attribute not in chosen[0].beside:
            name = _name(attribute)
            yield Problem(f"{path}.{name}", f"a task with {own} runs no program; remove {name}")
    yield from _limits_of_programs(path, chosen[0], task.timeouts or _NO_TIMEOUTS)
    if task.uses is not None:
        yield Problem(f"{path}.uses", f"the task has {own} already; keep one of them")
    timeouts = task.timeouts or defaults.timeouts or _NO_TIMEOUTS
    yield from chosen[0].problems(path, chosen[1], timeouts)
    for other in WAYS:
        if other is not chosen[0] and getattr(task, other.field) is not None:
            name = _name(other.field)
            yield Problem(f"{path}.{name}", f"the task has {own} already; keep one of them")
    yield from _too_many(path, chosen[0], task)


def _too_many(path: str, way: Way, task: NamedTask) -> Iterator[Problem]:
    known = task.for_each.known if task.for_each is not None else None
    if known is not None and len(known) > way.most_items:
        source = "items" if task.for_each is not None and task.for_each.items else "range"
        yield Problem(f"{path}.forEach.{source}", too_many_items(len(known), _name(way.field)))


def too_many_items(count: int, field: str) -> str:
    """Say that a task has more items than it can have, and the cure."""
    return (
        f"has {count:,} items; a task with {field} has at most {MAX_CHILDREN:,}: split the list,"
        " or let one run do the work of several items"
    )


def _limits_of_programs(path: str, way: Way, timeouts: TaskTimeouts) -> Iterator[Problem]:
    for attribute in timeouts.model_fields_set - way.limits:
        name = TaskTimeouts.model_fields[attribute].alias
        message = f"a task with {_name(way.field)} runs no program; remove {name}"
        yield Problem(f"{path}.timeouts.{name}", message)
