"""
The problems of a workflow's expressions: what they read, and of which type.

Knows which tasks an expression may read: those upstream, also through others. Evaluates none.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from headrace.api.reading.problem import Problem
from headrace.api.v1alpha1.params import Param
from headrace.api.v1alpha1.pod import EnvVar
from headrace.api.v1alpha1.task import NamedTask, Task
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.engine.definition.expressions.types import (
    Declared,
    Expression,
    Failure,
    ScopeTypes,
    Template,
    Wants,
)
from headrace.engine.definition.graph import Graph
from headrace.engine.definition.run_outputs import expression_of
from headrace.engine.definition.task_expressions import condition, expressions_of, leaf, words
from headrace.engine.definition.ways import FROM, declared_outputs, fields_of, way_of

Outputs = Mapping[str, Declared] | None
"""The outputs that a task declares; None: it declares none."""


@dataclass(frozen=True, slots=True)
class Called:
    """What is known of a workflow that a task calls."""

    workflow: str
    outputs: Mapping[str, Declared]


NOTHING_CALLED: Mapping[str, Called] = {}

WantedTypes = Mapping[str, Wants]
"""What an expression must give, by the path of the variable whose value it is."""

ANY_TYPE: WantedTypes = {}

OF_ITEMS: Outputs = {
    "items": Declared.JSON,
    "count": Declared.INTEGER,
    "note": Declared.STRING,
}
"""The outputs of a task with forEach: see `item_outputs`."""


@dataclass(frozen=True, slots=True)
class _Table:
    """The tasks of a workflow, each with the tasks upstream as the bits of a number."""

    positions: Mapping[str, int]
    upstream: Mapping[str, int]
    outputs: Mapping[str, Outputs]

    def readable_by(self, task: NamedTask) -> Mapping[str, Outputs]:
        """Return the tasks that a task may read: a `finally` task all others."""
        everything = (1 << len(self.positions)) - 1
        return _Readable(self, self.upstream[task.name] if isinstance(task, Task) else everything)


class _Readable(Mapping[str, Outputs]):
    """The tasks that one task may read. A view: a workflow may have thousands of tasks."""

    def __init__(self, table: _Table, bits: int) -> None:
        self._table = table
        self._bits = bits

    def __getitem__(self, name: str) -> Outputs:
        if not self._bits >> self._table.positions[name] & 1:
            raise KeyError(name)
        return self._table.outputs[name]

    def __iter__(self) -> Iterator[str]:
        return (
            name for name, position in self._table.positions.items() if self._bits >> position & 1
        )

    def __len__(self) -> int:
        return self._bits.bit_count()


def expression_problems(
    spec: WorkflowSpec,
    graph: Graph,
    called: Mapping[str, Called] = NOTHING_CALLED,
    wants: WantedTypes = ANY_TYPE,
) -> Iterator[Problem]:
    """
    Yield the problems of all expressions.

    Args:
        spec: The workflow.
        graph: Its tasks in their order.
        called: The workflows that tasks call, by task, where they are known.
        wants: What an expression must give, where it is the value of a variable.

    """
    if not _has_expressions(spec):
        return
    table, names = _table(spec, graph, called), frozenset(graph.upstream)
    types = ScopeTypes(
        params=_types_of(spec.params),
        called={task: each.workflow for task, each in called.items()},
        out_of_scope=names | {task.name for task in spec.finally_},
    )
    yield from _in_defaults(spec, types, table)
    for field, tasks in (("tasks", spec.tasks), ("finally", spec.finally_)):
        for index, task in enumerate(tasks):
            scope = _scope(task, types, table)
            yield from _of_task(f"spec.{field}[{index}]", task, scope, wants)
    yield from _of_outputs(spec, replace(types, tasks=table.outputs))


def _scope(task: NamedTask, types: ScopeTypes, table: _Table) -> ScopeTypes:
    one_program = task.for_each is not None and way_of(task) is None
    return replace(types, tasks=table.readable_by(task), one_program=one_program)


def problems_alone(env: Sequence[EnvVar], params: Sequence[Param]) -> Iterator[Problem]:
    """
    Yield the problems of the expressions of a task on its own, which can read no other task.

    Args:
        env: Its variables.
        params: Its parameters.

    """
    yield from _of_env("spec", env, ScopeTypes(params=_types_of(params)))


def _types_of(params: Sequence[Param]) -> dict[str, Declared]:
    return {param.name: Declared(param.type.value) for param in params}


def _has_expressions(spec: WorkflowSpec) -> bool:
    """Return whether there is an expression: most workflows have none, and this is quick."""
    tasks = (*spec.tasks, *spec.finally_)
    return (
        bool(spec.outputs)
        or any(map(leaf, spec.defaults.env))
        or any(
            task.when is not None or any(map(leaf, task.env)) or fields_of(task) for task in tasks
        )
    )


def _table(spec: WorkflowSpec, graph: Graph, called: Mapping[str, Called]) -> _Table:
    positions = {task.name: position for position, task in enumerate(spec.tasks)}
    upstream: dict[str, int] = {}
    for name in graph:
        bits = 0
        for before in graph.upstream[name]:
            bits |= upstream[before] | 1 << positions[before]
        upstream[name] = bits
    return _Table(positions, upstream, {task.name: _declared(task, called) for task in spec.tasks})


def _declared(task: NamedTask, called: Mapping[str, Called]) -> Outputs:
    if task.for_each is not None:
        return OF_ITEMS
    if task.name in called:
        return called[task.name].outputs
    return {each.name: Declared(each.type.value) for each in declared_outputs(task)} or None


def _of_task(
    path: str, task: NamedTask, types: ScopeTypes, wants: WantedTypes
) -> Iterator[Problem]:
    if task.when is not None:
        failure = _failure(condition(task.when), types)
        if failure is not None:
            yield Problem(f"{path}.when", words(failure))
    for field, asked in fields_of(task).items():
        failure = _failure(asked, _of_field(field, task, types))
        if failure is not None:
            yield Problem(f"{path}.{field}", words(failure))
    yield from _of_env(path, task.env, types, wants)


def _of_field(field: str, task: NamedTask, types: ScopeTypes) -> ScopeTypes:
    """Return the names of a field besides `env`: what one item needs has the item."""
    return replace(types, fan_out=task.for_each is not None and field != FROM)


def _of_env(
    path: str, env: Sequence[EnvVar], types: ScopeTypes, wants: WantedTypes = ANY_TYPE
) -> Iterator[Problem]:
    for index, variable in enumerate(env):
        at = f"{path}.env[{index}].value"
        failure = _failure(_wanting(leaf(variable), wants.get(at, Wants.ANY)), types)
        if failure is not None:
            yield Problem(at, words(failure))


def _wanting(asked: Template | Failure | None, wants: Wants) -> Template | Failure | None:
    """Return a leaf that must give a value of a type, if it is one expression and no text."""
    match asked:
        case Template(parts=(Expression() as one,)):
            return Template((replace(one, wants=wants),))
    return asked


def _of_outputs(spec: WorkflowSpec, types: ScopeTypes) -> Iterator[Problem]:
    for index, output in enumerate(spec.outputs):
        failure = _failure(expression_of(output), types)
        if failure is not None:
            yield Problem(f"spec.outputs[{index}].expression", words(failure))


def _in_defaults(spec: WorkflowSpec, types: ScopeTypes, table: _Table) -> Iterator[Problem]:
    """Yield the problems of defaults, each for the first task that it is one for."""
    for index, variable in enumerate(spec.defaults.env):
        template = leaf(variable)
        for task in _takers(spec, variable, template):
            scope = _scope(task, types, table)
            failure = _failure(template, scope)
            if failure is not None:
                message = f"for task {task.name!r}: {words(failure)}"
                yield Problem(f"spec.defaults.env[{index}].value", message)
                break


def _takers(
    spec: WorkflowSpec, variable: EnvVar, template: Template | Failure | None
) -> Iterator[NamedTask]:
    """Yield the tasks that a default must be checked for: one, if it reads no task."""
    if template is None:
        return
    takers = (
        task
        for task in (*spec.tasks, *spec.finally_)
        if way_of(task) is None and not any(own.name == variable.name for own in task.env)
    )
    alike = isinstance(template, Failure) or not expressions_of((variable,)).reads
    yield from islice(takers, 1) if alike else takers


def _failure(asked: Expression | Template | Failure | None, types: ScopeTypes) -> Failure | None:
    """Return what is wrong with an expression or a leaf, if it is one."""
    if asked is None or isinstance(asked, Failure):
        return asked
    from headrace.engine.definition.expressions.check import check  # noqa: PLC0415 - slow to load, and often not needed

    return check(asked, types)
