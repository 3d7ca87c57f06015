"""
The problems of a workflow that no schema can find: names, order, tasks that cannot run.

Knows the API types. Each problem names its field and the cure.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from itertools import islice

from headrace.api.checks.param_kinds import Value
from headrace.api.checks.similar import did_you_mean
from headrace.api.reading.problem import Problem
from headrace.api.v1alpha1.pod import PodSettings
from headrace.api.v1alpha1.task import Defaults, NamedTask, Task
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.engine.definition.expression_problems import (
    ANY_TYPE,
    WantedTypes,
    expression_problems,
)
from headrace.engine.definition.graph import CyclicGraphError, Graph
from headrace.engine.definition.item_texts import LARGEST, least, unfit
from headrace.engine.definition.params import too_large
from headrace.engine.definition.run_when import NEED_UPSTREAM
from headrace.engine.definition.ways import way_of, ways_problems
from headrace.engine.definition.webhooks import webhook_problems

RESERVED_VOLUMES = "headrace-"

MOST = 50
"""How many problems are named at most."""

COMPARABLE = 1000
"""The most names among which a similar one is searched: each name takes time."""


class InvalidDefinitionError(ValueError):
    """The definition cannot run. `problems` names the wrong fields and the cure."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = problems


def problems(spec: WorkflowSpec, wants: WantedTypes = ANY_TYPE) -> tuple[Problem, ...]:
    """Return the first problems of a workflow, in the order of its fields."""
    return tuple(islice(_problems(spec, wants), MOST))


def _problems(spec: WorkflowSpec, wants: WantedTypes) -> Iterator[Problem]:
    known = {task.name for task in spec.tasks}
    last = {task.name for task in spec.finally_}
    yield from _double_params(spec)
    yield from _large_params(spec)
    yield from _params_of_triggers(spec)
    yield from webhook_problems(spec.triggers, spec.params)
    yield from _volumes("spec.defaults", spec.defaults, spec.defaults)
    yield from _double_names(spec)
    for index, task in enumerate(spec.tasks):
        path = f"spec.tasks[{index}]"
        yield from _upstream(path, task, known, last)
        yield from _unmeetable_rule(path, task)
        yield from _unrunnable(path, task, spec.defaults)
        yield from _large_items(path, task, spec)
    for index, named in enumerate(spec.finally_):
        path = f"spec.finally[{index}]"
        yield from _unrunnable(path, named, spec.defaults)
        yield from _large_items(path, named, spec)
    yield from _order(spec, known, wants)


def _double_names(spec: WorkflowSpec) -> Iterator[Problem]:
    seen: set[str] = set()
    for field, tasks in (("tasks", spec.tasks), ("finally", spec.finally_)):
        for index, task in enumerate(tasks):
            if task.name in seen:
                message = f"{task.name!r} is the name of another task; choose a different one"
                yield Problem(f"spec.{field}[{index}].name", message)
            seen.add(task.name)


def _double_params(spec: WorkflowSpec) -> Iterator[Problem]:
    for name, count in Counter(param.name for param in spec.params).items():
        if count > 1:
            yield Problem("spec.params", f"{name!r} is listed {count} times; keep one")


def _large_params(spec: WorkflowSpec) -> Iterator[Problem]:
    problem = too_large(_usual_params(spec))
    if problem is not None:
        yield Problem("spec.params", problem)


def _params_of_triggers(spec: WorkflowSpec) -> Iterator[Problem]:
    declared = [param.name for param in spec.params]
    for index, trigger in enumerate(spec.triggers):
        given = trigger.workflow.params_from if trigger.workflow is not None else ()
        for place, param in enumerate(given):
            if param.name not in declared:
                cure = did_you_mean(param.name, declared) or "declare it in spec.params"
                path = f"spec.triggers[{index}].workflow.paramsFrom[{place}].name"
                yield Problem(path, f"there is no parameter {param.name!r}; {cure}")


def _usual_params(spec: WorkflowSpec) -> dict[str, Value]:
    """Return what a run that sets no parameter gets."""
    return {param.name: param.default for param in spec.params if param.default is not None}


def _large_items(path: str, task: NamedTask, spec: WorkflowSpec) -> Iterator[Problem]:
    """Yield the problem of items that no run can start, unless it sets smaller parameters."""
    known = None if task.for_each is None else task.for_each.known
    if not known or way_of(task) is not None:
        return
    is_range, params = isinstance(known, range), _usual_params(spec)
    if is_range and least(len(known), params) <= LARGEST:
        return  # A range is quick to write, and slow to measure.
    problem = unfit(known, params)
    if problem is not None:
        yield Problem(f"{path}.forEach.{'range' if is_range else 'items'}", problem)


def _upstream(
    path: str, task: Task, known: Collection[str], last: Collection[str]
) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, name in enumerate(task.depends_on):
        at = f"{path}.dependsOn[{index}]"
        if name == task.name:
            yield Problem(at, f"task {name!r} waits for itself; remove it")
        elif name in last and name not in known:
            cure = "which comes after all others; name a task of spec.tasks"
            yield Problem(at, f"{name!r} is a finally task, {cure}")
        elif name not in known:
            yield Problem(at, f"there is no task {name!r}; {_cure(name, known)}")
        elif name in seen:
            yield Problem(at, f"{name!r} is listed twice; keep one")
        seen.add(name)


def _cure(name: str, known: Collection[str]) -> str:
    comparable = known if len(known) <= COMPARABLE else ()
    return did_you_mean(name, comparable) or "name a task of spec.tasks"


def _unmeetable_rule(path: str, task: Task) -> Iterator[Problem]:
    if task.run_when in NEED_UPSTREAM and not task.depends_on:
        yield Problem(
            f"{path}.runWhen",
            f"{task.run_when} can never be met without dependsOn; name the tasks to watch",
        )


def _unrunnable(path: str, task: NamedTask, defaults: Defaults) -> Iterator[Problem]:
    yield from ways_problems(path, task, defaults)
    if way_of(task) is not None:
        return
    if task.uses is not None:  # Whoever knows templates has filled them in.
        yield Problem(f"{path}.uses", f"there is no template {task.uses!r} here")
    elif not (task.image or defaults.image):
        yield Problem(f"{path}.image", "give an image here or in spec.defaults.image")
    yield from _volumes(path, task, defaults)


def _volumes(path: str, task: PodSettings, defaults: Defaults) -> Iterator[Problem]:
    named = {volume.name for volume in task.volumes or defaults.volumes}
    for index, volume in enumerate(task.volumes):
        if volume.name.startswith(RESERVED_VOLUMES):
            yield Problem(
                f"{path}.volumes[{index}].name",
                f"names that start with {RESERVED_VOLUMES} are reserved for Headrace; choose"
                " another",
            )
    for index, mount in enumerate(task.volume_mounts):
        if mount.name not in named:
            yield Problem(
                f"{path}.volumeMounts[{index}].name",
                f"there is no volume {mount.name!r}; add it to volumes",
            )


def _order(spec: WorkflowSpec, known: Collection[str], wants: WantedTypes) -> Iterator[Problem]:
    """Yield a cycle of tasks; without one, the problems of expressions that read other tasks."""
    edges = {
        task.name: tuple(up for up in task.depends_on if up in known and up != task.name)
        for task in spec.tasks
    }
    try:
        graph = Graph(edges)
    except CyclicGraphError as error:
        yield Problem(
            "spec.tasks",
            f"tasks wait for each other: {' -> '.join(error.path)}; remove a dependency",
        )
    else:
        yield from expression_problems(spec, graph, wants=wants)
