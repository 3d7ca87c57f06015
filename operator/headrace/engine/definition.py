"""
A workflow made ready to run: defaults filled in, tasks in order, everything that is wrong named.

Knows the API types. Knows no run.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from headrace.api.v1alpha1.params import Param
from headrace.api.v1alpha1.retry import RetryPolicy
from headrace.api.v1alpha1.run import TriggerKind
from headrace.api.v1alpha1.task import (
    Defaults,
    NamedTask,
    RunWhen,
    Task,
    TaskBody,
    TaskTimeouts,
)
from headrace.api.v1alpha1.trigger import Concurrency
from headrace.api.v1alpha1.workflow import History, OnFailure, WorkflowSpec
from headrace.engine.graph import CyclicGraphError, Graph
from headrace.engine.upstream import NEED_UPSTREAM

RESERVED_ENV = "HEADRACE_"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a definition: where, and what to do about it."""

    path: str
    message: str

    def __str__(self) -> str:
        """Field and cure on one line."""
        return f"{self.path}: {self.message}"


class InvalidDefinitionError(ValueError):
    """The definition cannot be run. `problems` names every field that is wrong, and the cure."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class TaskDefinition:
    """One task, with the workflow's defaults filled in."""

    name: str
    position: int
    body: TaskBody
    upstream: tuple[str, ...] = ()
    run_when: RunWhen = RunWhen.ALL_SUCCEEDED
    allow_failure: bool = False
    is_finally: bool = False

    @property
    def retry(self) -> RetryPolicy:
        """The retry policy, never missing."""
        return self.body.retry or _NO_RETRY

    @property
    def timeouts(self) -> TaskTimeouts:
        """The time limits, never missing."""
        return self.body.timeouts or _NO_TIMEOUTS


_NO_RETRY = RetryPolicy()
_NO_TIMEOUTS = TaskTimeouts()


@dataclass(frozen=True, slots=True)
class Definition:
    """A workflow that can be run."""

    tasks: Mapping[str, TaskDefinition]
    """By name, in the order of the definition, `finally` tasks last."""
    graph: Graph
    """The tasks that are not `finally`."""
    params: tuple[Param, ...] = ()
    on_failure: OnFailure = OnFailure.CONTINUE
    run_seconds: int | None = None
    concurrency: Concurrency = Concurrency()
    history: History = History()
    trigger: TriggerKind = TriggerKind.MANUAL


def compile_workflow(spec: WorkflowSpec) -> Definition:
    """
    Fill in the defaults, find the order and check what no schema can.

    Raises:
        InvalidDefinitionError: with every problem found.

    """
    problems = tuple(_problems(spec))
    if problems:
        raise InvalidDefinitionError(problems)
    tasks = {
        task.name: _task(task, position, spec.defaults)
        for position, task in enumerate((*spec.tasks, *spec.finally_))
    }
    return Definition(
        tasks=tasks,
        graph=Graph({task.name: task.depends_on for task in spec.tasks}),
        params=spec.params,
        on_failure=spec.on_failure,
        run_seconds=spec.timeouts.run_seconds,
        concurrency=spec.concurrency,
        history=spec.history,
    )


def single_task(name: str, body: TaskBody, params: tuple[Param, ...] = ()) -> Definition:
    """Make the definition of a run that is one task on its own."""
    task = TaskDefinition(name, 0, body)
    return Definition(tasks={name: task}, graph=Graph({name: ()}), params=params)


def _task(task: NamedTask, position: int, defaults: Defaults) -> TaskDefinition:
    return TaskDefinition(
        name=task.name,
        position=position,
        body=_with_defaults(task, defaults),
        upstream=task.depends_on if isinstance(task, Task) else (),
        run_when=task.run_when if isinstance(task, Task) else RunWhen.ALWAYS,
        allow_failure=task.allow_failure,
        is_finally=not isinstance(task, Task),
    )


def _with_defaults(task: NamedTask, defaults: Defaults) -> TaskBody:
    """Each field that the task sets replaces the default; `env` is merged by name."""
    fields: dict[str, Any] = {}
    for field in TaskBody.model_fields:
        own = getattr(task, field)
        default = getattr(defaults, field, None)
        fields[field] = own if field in task.model_fields_set or default is None else default
    by_name = {variable.name: variable for variable in (*defaults.env, *task.env)}
    fields["env"] = tuple(by_name.values())
    return TaskBody.model_construct(set(fields), **fields)


def _problems(spec: WorkflowSpec) -> Iterator[Problem]:
    names = [task.name for task in (*spec.tasks, *spec.finally_)]
    yield from _double_names(spec, names)
    yield from _double_params(spec)
    for index, task in enumerate(spec.tasks):
        path = f"spec.tasks[{index}]"
        yield from _unknown_upstream(path, task, {task.name for task in spec.tasks})
        yield from _unmeetable_rule(path, task)
        yield from _unrunnable(path, task, spec.defaults)
    for index, task in enumerate(spec.finally_):
        yield from _unrunnable(f"spec.finally[{index}]", task, spec.defaults)
    yield from _cycle(spec)


def _double_names(spec: WorkflowSpec, names: list[str]) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, name in enumerate(names):
        at = index - len(spec.tasks)
        path = f"spec.tasks[{index}].name" if at < 0 else f"spec.finally[{at}].name"
        if name in seen:
            yield Problem(path, f"{name!r} is the name of another task; choose a different one")
        seen.add(name)


def _double_params(spec: WorkflowSpec) -> Iterator[Problem]:
    for name, count in Counter(param.name for param in spec.params).items():
        if count > 1:
            yield Problem("spec.params", f"{name!r} is there {count} times; keep one")


def _unknown_upstream(path: str, task: Task, known: set[str]) -> Iterator[Problem]:
    for index, name in enumerate(task.depends_on):
        at = f"{path}.dependsOn[{index}]"
        if name == task.name:
            yield Problem(at, f"task {name!r} waits for itself; remove it")
        elif name not in known:
            close = get_close_matches(name, known, 1)
            cure = f"did you mean {close[0]!r}?" if close else "name a task of spec.tasks"
            yield Problem(at, f"there is no task {name!r}; {cure}")
        elif name in task.depends_on[:index]:
            yield Problem(at, f"{name!r} is there twice; keep one")


def _unmeetable_rule(path: str, task: Task) -> Iterator[Problem]:
    if task.run_when in NEED_UPSTREAM and not task.depends_on:
        yield Problem(
            f"{path}.runWhen",
            f"{task.run_when} can never be met without dependsOn; name the tasks to watch",
        )


def _unrunnable(path: str, task: NamedTask, defaults: Defaults) -> Iterator[Problem]:
    if not (task.image or defaults.image):
        yield Problem(f"{path}.image", "give an image here or in spec.defaults.image")
    for index, variable in enumerate(task.env):
        if variable.name.startswith(RESERVED_ENV):
            yield Problem(
                f"{path}.env[{index}].name",
                f"names that start with {RESERVED_ENV} are Headrace's own; choose another",
            )
        if (variable.value is not None) and (variable.value_from is not None):
            yield Problem(f"{path}.env[{index}]", "give value or valueFrom, not both")


def _cycle(spec: WorkflowSpec) -> Iterator[Problem]:
    known = {task.name for task in spec.tasks}
    edges = {
        task.name: tuple(up for up in task.depends_on if up in known and up != task.name)
        for task in spec.tasks
    }
    try:
        Graph(edges)
    except CyclicGraphError as error:
        yield Problem(
            "spec.tasks", f"tasks wait for each other: {' -> '.join(error.path)}; break the circle"
        )
