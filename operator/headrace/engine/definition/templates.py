"""
Tasks that use a template become tasks that run a program: all that the template says is filled in.

Knows templates. Does not know where they come from, and knows no run: a run has the result.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from headrace.api.checks.similar import did_you_mean
from headrace.api.reading.problem import Problem
from headrace.api.v1alpha1.pod import EnvVar
from headrace.api.v1alpha1.retry import MAX_RULES, RetryPolicy
from headrace.api.v1alpha1.task import Defaults, NamedTask
from headrace.api.v1alpha1.template import TemplateSpec
from headrace.api.v1alpha1.volume import Volume, VolumeMount
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.engine.definition.compile import Definition, compile_workflow
from headrace.engine.definition.expressions.types import Wants
from headrace.engine.definition.problems import MOST, InvalidDefinitionError
from headrace.engine.definition.template_values import (
    Secret,
    Values,
    file_variable_of,
    value_problems,
    values_of,
    variable_of,
)
from headrace.engine.definition.ways import way_of

Templates = Mapping[str, TemplateSpec]
"""By name and version, as tasks name them: `http@v1`."""

VOLUME: Final = "with-secrets"
FOLDER: Final = "/headrace/with"
"""The volume of the secrets in `with`, and where it appears."""

ALIKE: Final = 0.8
"""How much a name must look like another one that may be meant: the version counts for little."""

_READABLE: Final = 0o440
"""The mode of a secret's file: the group is that of the pod's volumes."""


@dataclass(frozen=True, slots=True)
class Place:
    """What differs between a cluster and a laptop."""

    mounts_secrets: bool = True
    """Whether secrets are mounted. Else they come from the shell that starts the run."""
    commands: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By template: what runs in place of its command."""
    cure: str = "create the TaskTemplate {name!r} here, or a ClusterTaskTemplate of that name"
    """What to do about a template that is not there."""


CLUSTER: Final = Place()


@dataclass(frozen=True, slots=True)
class FilledIn:
    """A workflow in which no task uses a template, and its definition."""

    spec: WorkflowSpec
    definition: Definition
    written: Mapping[str, str] = field(default_factory=dict)
    """By the path of a variable: the path of the value that somebody wrote."""

    def told(self, problem: Problem) -> Problem:
        """Return a later problem of this workflow, where somebody wrote its cause."""
        return _told(problem, self.written)


@dataclass(frozen=True, slots=True)
class _Use:
    """A task and the template that it uses."""

    path: str
    task: NamedTask
    template: TemplateSpec
    uses: str


def used(spec: WorkflowSpec) -> list[str]:
    """Return the templates that a workflow uses, each once."""
    return list(dict.fromkeys(task.uses for _, task in _tasks(spec) if task.uses is not None))


def object_name(uses: str) -> str:
    """Return the name of a template's object: `http.v1` of `http@v1`."""
    return uses.replace("@", ".")


def uses_of(name: str) -> str:
    """Return how a task names a template's object: `http@v1` for `http.v1`."""
    return "@".join(name.rsplit(".", 1))


def missing(
    spec: WorkflowSpec, known: Collection[str], place: Place = CLUSTER
) -> Iterator[Problem]:
    """Yield the tasks whose template is not among those that are known."""
    for path, task in _tasks(spec):
        if task.uses is not None and task.uses not in known:
            cure = did_you_mean(task.uses, known, ALIKE)
            cure = cure or place.cure.format(name=object_name(task.uses))
            yield Problem(f"{path}.uses", f"there is no template {task.uses!r}; {cure}")


def fill_in(spec: WorkflowSpec, templates: Templates, place: Place = CLUSTER) -> FilledIn:
    """
    Fill in what templates say, and compile.

    Raises:
        InvalidDefinitionError: with all problems, each where somebody wrote its cause.

    """
    uses = list(_uses(spec, templates))
    wrong = [
        *missing(spec, templates, place),
        *(each for use in uses for each in _wrong(use, spec)),
    ]
    if wrong:
        raise InvalidDefinitionError(tuple(wrong[:MOST]))
    values = {use.path: values_of(use.task.with_, use.template) for use in uses}
    filled = {use.path: _filled(use, values[use.path], spec.defaults, place) for use in uses}
    written = {
        at: f"{path}.with.{param}"
        for path, task in filled.items()
        for at, param in _variables(path, task, values[path])
    }
    wants = {
        f"{at}.value": values[path].wants[param]
        for path, task in filled.items()
        for at, param in _variables(path, task, values[path])
        if param in values[path].wants
    }
    whole = _with_tasks(spec, filled) if filled else spec
    return FilledIn(whole, _compiled(whole, wants, written), written)


def _compiled(
    spec: WorkflowSpec, wants: Mapping[str, Wants], written: Mapping[str, str]
) -> Definition:
    try:
        return compile_workflow(spec, wants)
    except InvalidDefinitionError as error:
        told = tuple(_told(problem, written) for problem in error.problems)
        raise InvalidDefinitionError(told) from error


def _told(problem: Problem, written: Mapping[str, str]) -> Problem:
    path = written.get(problem.path.rpartition(".")[0])
    return problem if path is None else Problem(path, problem.message)


def _tasks(spec: WorkflowSpec) -> Iterator[tuple[str, NamedTask]]:
    for name, tasks in (("tasks", spec.tasks), ("finally", spec.finally_)):
        for index, task in enumerate(tasks):
            yield f"spec.{name}[{index}]", task


def _uses(spec: WorkflowSpec, templates: Templates) -> Iterator[_Use]:
    """Yield the tasks that run a template, where it is there."""
    for path, task in _tasks(spec):
        if task.uses is not None and task.uses in templates and way_of(task) is None:
            yield _Use(path, task, templates[task.uses], task.uses)


def _wrong(use: _Use, spec: WorkflowSpec) -> Iterator[Problem]:
    """Yield what in a task does not fit its template."""
    path, task, template = use.path, use.task, use.template
    yield from value_problems(path, task.with_, use.uses, template)
    own = {name(param.name): param.name for param in template.params for name in _NAMES}
    for index, variable in enumerate(task.env):
        if variable.name in own:
            message = f"is the parameter {own[variable.name]} of the template; write it under with"
            yield Problem(f"{path}.env[{index}].name", message)
    for index, volume in enumerate(task.volumes):
        if volume.name == VOLUME:
            message = f"{VOLUME} is the volume of secrets in with; choose another"
            yield Problem(f"{path}.volumes[{index}].name", message)
    policy = _retry(task.retry or spec.defaults.retry, template.retry)
    if policy is not None and len(policy.rules) > MAX_RULES:
        message = (
            f"there are {len(policy.rules)} with those of template {use.uses}; at most {MAX_RULES}"
            " are allowed: remove some"
        )
        yield Problem(f"{path}.retry.rules", message)


_NAMES: Final = (variable_of, file_variable_of)


def _filled(use: _Use, values: Values, defaults: Defaults, place: Place) -> NamedTask:
    """Return a task with all that its template says."""
    task, template = use.task, use.template
    fields: dict[str, Any] = {
        "image": template.image,
        "command": template.command,
        "args": template.args,
        "outputs": template.outputs,
        "env": (*task.env, *_env(task, template, values, place)),
        "resources": task.resources or template.resources,
        "retry": _retry(task.retry or defaults.retry, template.retry),
    }
    if use.uses in place.commands:
        fields |= {"command": place.commands[use.uses], "args": ()}
    if values.secrets and place.mounts_secrets:
        mount = VolumeMount(name=VOLUME, mount_path=FOLDER, read_only=True)
        fields["volumes"] = (*(task.volumes or defaults.volumes), _volume(values.secrets))
        fields["volume_mounts"] = (*(task.volume_mounts or defaults.volume_mounts), mount)
    said = {name: value for name, value in fields.items() if value not in (None, ())}
    kept = task.model_fields_set - {"uses", "with_"}
    others = {name: getattr(task, name) for name in type(task).model_fields}
    cleared: dict[str, Any] = {"uses": None, "with_": {}}
    return type(task).model_construct(kept | said.keys(), **(others | cleared | said))


def _env(task: NamedTask, template: TemplateSpec, values: Values, place: Place) -> Iterator[EnvVar]:
    own = {variable.name for variable in task.env}
    yield from (variable for variable in template.env if variable.name not in own)
    for param, text in values.texts.items():
        yield EnvVar(name=variable_of(param), value=text)
    for param, secret in values.secrets.items():
        if place.mounts_secrets:
            yield EnvVar(name=file_variable_of(param), value=f"{FOLDER}/{param}")
        else:
            key = {"name": secret.name, "key": secret.key}
            yield EnvVar(name=variable_of(param), value_from={"secretKeyRef": key})


def _volume(secrets: Mapping[str, Secret]) -> Volume:
    """Return the volume that shows secrets as files, each with the name of its parameter."""
    sources = [
        {"secret": {"name": secret.name, "items": [{"key": secret.key, "path": param}]}}
        for param, secret in secrets.items()
    ]
    return Volume(name=VOLUME, projected={"sources": sources, "defaultMode": _READABLE})


def _retry(own: RetryPolicy | None, template: RetryPolicy | None) -> RetryPolicy | None:
    """Return a task's own policy over that of the template, whose rules come last."""
    if own is None or template is None:
        return own or template
    fields: dict[str, Any] = {name: getattr(own, name) for name in own.model_fields_set}
    return template.model_copy(update={**fields, "rules": (*own.rules, *template.rules)})


def _variables(path: str, task: NamedTask, values: Values) -> Iterator[tuple[str, str]]:
    """Yield the path of each variable of a parameter, with the parameter's name."""
    params = (*values.texts, *values.secrets)
    names = {name(param): param for param in params for name in _NAMES}
    for index, variable in enumerate(task.env):
        if variable.name in names:
            yield f"{path}.env[{index}]", names[variable.name]


def _with_tasks(spec: WorkflowSpec, filled: Mapping[str, NamedTask]) -> WorkflowSpec:
    tasks = tuple(filled.get(f"spec.tasks[{n}]", task) for n, task in enumerate(spec.tasks))
    last = tuple(filled.get(f"spec.finally[{n}]", task) for n, task in enumerate(spec.finally_))
    update: dict[str, Any] = {"tasks": tasks, **({"finally_": last} if last else {})}
    return spec.model_copy(update=update)
