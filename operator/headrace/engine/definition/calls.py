"""
The workflows that a workflow's tasks call: whether the calls fit them.

Knows definitions side by side. Does not know where they come from, or runs.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from headrace.api.checks.param_kinds import PYTHON_TYPES
from headrace.api.reading.problem import Problem
from headrace.api.v1alpha1.params import Param
from headrace.engine.definition.circle import way_back
from headrace.engine.definition.compile import Definition, TaskDefinition
from headrace.engine.definition.expressions.types import Expression, Template
from headrace.engine.definition.params import InvalidParamsError, resolve
from headrace.engine.definition.ways import PARAM
from headrace.engine.definition.work import ChildRun, work_of_one

Definitions = Mapping[str, Definition]
"""The workflows of one namespace, by name."""


def calls(definition: Definition) -> Iterator[tuple[TaskDefinition, ChildRun]]:
    """Yield the tasks that call a workflow, each with its call."""
    for task in definition.tasks.values():
        work = work_of_one(task.work)
        if isinstance(work, ChildRun):
            yield task, work


def path_of(definition: Definition, task: TaskDefinition) -> str:
    """Return the path of a task in its workflow."""
    first = len(definition.graph.order)
    if task.position < first:
        return f"spec.tasks[{task.position}]"
    return f"spec.finally[{task.position - first}]"


def calls_itself(name: str, definition: Definition) -> Iterator[Problem]:
    """Yield the tasks by which a workflow calls itself."""
    for task, call in calls(definition):
        if call.workflow == name:
            message = f"task {task.name!r} calls its own workflow; name another workflow"
            yield Problem(f"{path_of(definition, task)}.workflow.name", message)


def circle(name: str, known: Definitions) -> tuple[str, ...]:
    """Return the names on the way from a workflow back to itself; empty: there is no such way."""
    return way_back(name, lambda each: _called(each, known))


def _called(name: str, known: Definitions) -> list[str]:
    definition = known.get(name)
    found = () if definition is None else (call.workflow for _, call in calls(definition))
    return list(dict.fromkeys(found))


def call_problems(name: str, definition: Definition, known: Definitions) -> Iterator[Problem]:
    """
    Yield what is wrong with a workflow's calls of known workflows.

    Args:
        name: The workflow's name.
        definition: Its definition.
        known: All known workflows of its namespace.

    """
    way = circle(name, known)
    for task, call in calls(definition):
        path = f"{path_of(definition, task)}.workflow"
        if len(way) > 1 and call.workflow == way[1] and call.workflow != name:
            yield Problem(
                f"{path}.name", f"workflows call each other: {' -> '.join(way)}; remove a call"
            )
        if call.workflow in known:
            yield from _params(path, task, call, known[call.workflow].params)


def _params(
    path: str, task: TaskDefinition, call: ChildRun, declared: tuple[Param, ...]
) -> Iterator[Problem]:
    """Compare the values of a call with the parameters of the workflow."""
    kinds = {param.name: param for param in declared}
    given: dict[str, Any] = {}
    for index, (name, value) in enumerate(call.params.items()):
        field = PARAM.format(index)
        asked = task.expressions.fields.get(field) or task.expressions.each.get(field)
        param = kinds.get(name)
        given[name] = value if asked is None or param is None else _stand_in(asked, value, param)
    try:
        resolve(declared, given)
    except InvalidParamsError as error:
        for problem in error.problems:
            yield Problem(f"{path}.params", problem)


def _stand_in(asked: Expression | Template, value: object, param: Param) -> object:
    """Return a value that fits a parameter, for a leaf whose value nobody knows yet."""
    match asked:
        case Template(parts=(Expression(),)):
            return param.enum[0] if param.enum else PYTHON_TYPES[param.type]()
    is_text = PYTHON_TYPES[param.type] is str
    return param.enum[0] if param.enum and is_text else value
