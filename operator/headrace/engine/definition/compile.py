"""
From a workflow to a definition that can run: defaults filled in, tasks in order.

Knows the API types. Knows no run.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from headrace.api.checks.param_kinds import PYTHON_TYPES
from headrace.api.v1alpha1.cache import TaskCache
from headrace.api.v1alpha1.params import Param, ParamGiven, ParamType
from headrace.api.v1alpha1.retry import RetryPolicy
from headrace.api.v1alpha1.task import (
    Defaults,
    NamedTask,
    Output,
    RunWhen,
    Task,
    TaskBody,
    TaskTimeouts,
)
from headrace.api.v1alpha1.trigger import Concurrency, Trigger
from headrace.api.v1alpha1.workflow import History, OnFailure, WorkflowSpec
from headrace.engine.definition.expression_problems import ANY_TYPE, WantedTypes, problems_alone
from headrace.engine.definition.graph import Graph
from headrace.engine.definition.problems import InvalidDefinitionError, problems
from headrace.engine.definition.run_outputs import NO_OUTPUTS, RunOutputs, outputs_of
from headrace.engine.definition.task_expressions import (
    NO_EXPRESSIONS,
    TaskExpressions,
    expressions_of,
)
from headrace.engine.definition.ways import declared_outputs, fields_of, limits_of, work_of
from headrace.engine.definition.work import Container, Program, Work

_NO_RETRY = RetryPolicy()
_NO_TIMEOUTS = TaskTimeouts()


@dataclass(frozen=True, slots=True)
class TaskDefinition:
    """One task, with the workflow's defaults filled in."""

    name: str
    position: int
    work: Work
    retry: RetryPolicy = _NO_RETRY
    timeouts: TaskTimeouts = _NO_TIMEOUTS
    upstream: tuple[str, ...] = ()
    run_when: RunWhen = RunWhen.ALL_SUCCEEDED
    allow_failure: bool = False
    is_finally: bool = False
    expressions: TaskExpressions = NO_EXPRESSIONS
    outputs: tuple[Output, ...] = ()
    """The outputs that the task declares; without any, it may give any."""
    pool: str | None = None
    """The Pool whose slots the task needs; None: it needs none."""
    pool_slots: int = 1
    """How many slots each of its programs needs."""
    priority: int = 0
    """Added to the priority of the run."""
    cache: TaskCache | None = None
    """Which earlier results count; None: none does."""


_ANY_NUMBER = Concurrency()
_USUAL_HISTORY = History()


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Definition:
    """A workflow that can be run."""

    tasks: Mapping[str, TaskDefinition]
    """By name, in the order of the definition, `finally` tasks last."""
    graph: Graph
    """The tasks except `finally` tasks."""
    params: tuple[Param, ...] = ()
    on_failure: OnFailure = OnFailure.CONTINUE
    run_seconds: int | None = None
    finally_seconds: int | None = None
    max_parallel: int | None = None
    """How many tasks of a run may run at the same time; None: any number."""
    priority: int = 0
    """The priority of a run that has none of its own."""
    queue: str | None = None
    """The queue of Kueue that Jobs wait in; None: they wait in none."""
    concurrency: Concurrency = _ANY_NUMBER
    history: History = _USUAL_HISTORY
    outputs: RunOutputs = NO_OUTPUTS
    triggers: tuple[Trigger, ...] = ()
    export_to: tuple[str, ...] = ()
    """The other namespaces whose workflows may follow this one."""
    names: tuple[str, ...] = field(init=False)
    """The tasks' names, each at its position."""

    def __post_init__(self) -> None:
        """Derive the names once; each turn needs them."""
        object.__setattr__(self, "names", tuple(self.tasks))

    @property
    def programs(self) -> Iterator[tuple[TaskDefinition, TaskBody]]:
        """The tasks that run a program in a container, each with the program."""
        for task in self.tasks.values():
            if isinstance(task.work, Program):
                yield task, task.work.body


def compile_workflow(spec: WorkflowSpec, wants: WantedTypes = ANY_TYPE) -> Definition:
    """
    Fill in the defaults, find the order, and make the checks that no schema can make.

    Args:
        spec: The workflow. No task of it uses a template: `templates.fill_in` comes first.
        wants: What an expression must give, by the path of the variable whose value it is.

    Raises:
        InvalidDefinitionError: The workflow has problems.

    """
    wrong = problems(spec, wants)
    if wrong:
        raise InvalidDefinitionError(wrong)
    tasks = {
        task.name: _named_task(task, position, spec.defaults)
        for position, task in enumerate((*spec.tasks, *spec.finally_))
    }
    return Definition(
        tasks=tasks,
        graph=Graph({task.name: task.depends_on for task in spec.tasks}),
        params=spec.params,
        on_failure=spec.on_failure,
        run_seconds=spec.timeouts.run_seconds,
        finally_seconds=spec.timeouts.finally_seconds,
        max_parallel=spec.max_parallel,
        priority=spec.priority,
        queue=spec.queue_name,
        concurrency=spec.concurrency,
        history=spec.history,
        outputs=outputs_of(spec.outputs),
        triggers=spec.triggers,
        export_to=spec.export_to,
    )


def params_alone(given: Sequence[ParamGiven]) -> tuple[Param, ...]:
    """Return parameters that accept the values of a task on its own."""
    types = {python: ParamType(kind) for kind, python in PYTHON_TYPES.items()}
    return tuple(
        Param(name=each.name, type=types[type(each.value)], default=each.value) for each in given
    )


def single_task(name: str, body: TaskBody, params: tuple[Param, ...] = ()) -> Definition:
    """
    Return the definition of a task on its own.

    Raises:
        InvalidDefinitionError: Its expressions have problems.

    """
    wrong = tuple(problems_alone(body.env, params))
    if wrong:
        raise InvalidDefinitionError(wrong)
    task = replace(_task(name, 0, body, Container(body)), expressions=expressions_of(body.env))
    return Definition(tasks={name: task}, graph=Graph({name: ()}), params=params)


def _task(name: str, position: int, body: TaskBody, work: Work) -> TaskDefinition:
    return TaskDefinition(
        name,
        position,
        work,
        body.retry or _NO_RETRY,
        body.timeouts or _NO_TIMEOUTS,
        outputs=body.outputs,
        pool=body.pool if isinstance(work, Program) else None,
        pool_slots=body.pool_slots,
        priority=body.priority,
    )


def _named_task(task: NamedTask, position: int, defaults: Defaults) -> TaskDefinition:
    body = _with_defaults(task, defaults)
    work = work_of(task, body)
    env = body.env if isinstance(work, Program) else ()
    made = _task(task.name, position, body, work)
    return replace(
        made,
        timeouts=limits_of(task, made.timeouts),
        expressions=expressions_of(env, task.when, fields_of(task)),
        outputs=declared_outputs(task),
        upstream=task.depends_on if isinstance(task, Task) else (),
        run_when=task.run_when if isinstance(task, Task) else RunWhen.ALWAYS,
        allow_failure=task.allow_failure,
        is_finally=not isinstance(task, Task),
        cache=task.cache if isinstance(task, Task) else None,
    )


def _with_defaults(task: NamedTask, defaults: Defaults) -> TaskBody:
    """Return a task with its defaults: its own fields win, and `env` is merged by name."""
    fields: dict[str, Any] = {}
    for name in TaskBody.model_fields:
        own, default = getattr(task, name), getattr(defaults, name, None)
        fields[name] = own if name in task.model_fields_set or default is None else default
    by_name = {variable.name: variable for variable in (*defaults.env, *task.env)}
    fields["env"] = tuple(by_name.values())
    return TaskBody.model_construct(set(fields), **fields)
