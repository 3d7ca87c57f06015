"""
From an object that somebody wrote to its typed spec, or to all its problems.

The only place that reads an object, for the controller and for people at a terminal.
`headrace.engine.definition` finds problems of several fields together (a cycle of tasks). Knows no
file and no API server.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from headrace.api.reading.paths import TOO_DEEP, path_of, too_deep
from headrace.api.reading.problem import InvalidObjectError, Problem
from headrace.api.reading.wording import Wording
from headrace.api.schema.name_limits import name_problem
from headrace.api.v1alpha1.backfill import BackfillSpec
from headrace.api.v1alpha1.objects import (
    BackfillObject,
    ClusterTaskTemplateObject,
    PoolObject,
    TaskRunObject,
    TaskTemplateObject,
    WorkflowObject,
    WorkflowRunObject,
    WrittenObject,
)
from headrace.api.v1alpha1.pool import PoolSpec
from headrace.api.v1alpha1.run import RunSpec
from headrace.api.v1alpha1.task import NamedTask
from headrace.api.v1alpha1.taskrun import TaskRunSpec
from headrace.api.v1alpha1.template import TemplateSpec
from headrace.api.v1alpha1.workflow import WorkflowSpec

__all__ = [
    "InvalidObjectError",
    "Problem",
    "parse_backfill",
    "parse_pool",
    "parse_run",
    "parse_task_run",
    "parse_template",
    "parse_workflow",
]

Written = TypeVar("Written", bound=WrittenObject)

FOR_EACH = str(NamedTask.model_fields["for_each"].alias)
ITEMS = "items"

NAME = "metadata.name"

MOST = 50
"""How many problems are named at most."""

SHOWN_STEPS = 4
"""How many steps of a path name a field that is nested too deep: `spec.tasks[3].affinity`."""


def parse_workflow(manifest: Mapping[str, Any]) -> WorkflowSpec:
    """
    Return the spec of a Workflow.

    Args:
        manifest: The object as JSON values: `spec`, and if it is there, `metadata`.

    Raises:
        InvalidObjectError: with every field that is wrong.

    """
    return _read(WorkflowObject, manifest).spec


def parse_run(manifest: Mapping[str, Any]) -> RunSpec:
    """
    Return the spec of a WorkflowRun.

    Args:
        manifest: The object as JSON values: `spec`, and if it is there, `metadata`.

    Raises:
        InvalidObjectError: with every field that is wrong.

    """
    return _read(WorkflowRunObject, manifest).spec


def parse_task_run(manifest: Mapping[str, Any]) -> TaskRunSpec:
    """
    Return the spec of a TaskRun.

    Args:
        manifest: The object as JSON values: `spec`, and if it is there, `metadata`.

    Raises:
        InvalidObjectError: with every field that is wrong.

    """
    return _read(TaskRunObject, manifest).spec


def parse_pool(manifest: Mapping[str, Any]) -> PoolSpec:
    """
    Return the spec of a Pool.

    Args:
        manifest: The object as JSON values: `spec`, and if it is there, `metadata`.

    Raises:
        InvalidObjectError: with every field that is wrong.

    """
    return _read(PoolObject, manifest).spec


def parse_backfill(manifest: Mapping[str, Any]) -> BackfillSpec:
    """
    Return the spec of a Backfill.

    Args:
        manifest: The object as JSON values: `spec`, and if it is there, `metadata`.

    Raises:
        InvalidObjectError: with every field that is wrong.

    """
    return _read(BackfillObject, manifest).spec


def parse_template(manifest: Mapping[str, Any]) -> TemplateSpec:
    """
    Return the spec of a TaskTemplate or ClusterTaskTemplate.

    Args:
        manifest: The object as JSON values: `kind`, `spec`, and if it is there, `metadata`.

    Raises:
        InvalidObjectError: with every field that is wrong.

    """
    everywhere = manifest.get("kind") == "ClusterTaskTemplate"
    return _read(ClusterTaskTemplateObject if everywhere else TaskTemplateObject, manifest).spec


def _read(model: type[Written], manifest: Mapping[str, Any]) -> Written:
    deep = too_deep(manifest)
    if deep is not None:
        raise InvalidObjectError((Problem(path_of(deep[:SHOWN_STEPS]), TOO_DEEP),))
    # As JSON, like the API server: a list is a list, "3" is no number and 3 is no text.
    text = json.dumps(_without_nulls(manifest))
    about_name = tuple(_name(model, manifest))
    try:
        # By alias only: the API server does not know the Python names of fields.
        read = model.model_validate_json(text, strict=True, by_alias=True, by_name=False)
    except ValidationError as error:
        wording = Wording(model)
        errors = error.errors(include_url=False)
        details = (detail for detail in errors if not _is_echo(detail, about_name))
        problems = [wording.problem(detail) for detail in islice(details, MOST)]
    else:
        problems = []
    if any(problem.path == NAME for problem in problems):
        about_name = ()  # Its characters are wrong, and that is enough.
    if problems or about_name:
        raise InvalidObjectError((*problems, *about_name))
    return read


def _is_echo(error: ErrorDetails, about_name: Sequence[Problem]) -> bool:
    """
    Return whether an error repeats another one.

    A list counts as too short because its elements are wrong. A name is too long for any kind,
    where its own kind allows even less.
    """
    if error["type"] == "string_too_long" and error["loc"] == ("metadata", "name"):
        return bool(about_name)
    return error["type"] == "too_short" and len(error["input"]) > 0


def _without_nulls(value: Any) -> Any:
    """Leave out fields without a value, as the API server does: `env:` is no `env`."""
    if isinstance(value, Mapping):
        return {key: _field(key, inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_without_nulls(inner) for inner in value]
    return value


def _field(key: str, value: Any) -> Any:
    """Return a field without nulls inside, but an item of `forEach` as it is."""
    bare = _without_nulls(value)
    if key == FOR_EACH and isinstance(value, Mapping) and ITEMS in bare:
        return {**bare, ITEMS: value[ITEMS]}
    return bare


def _name(model: type[WrittenObject], manifest: Mapping[str, Any]) -> Iterator[Problem]:
    """Check the length of the name: it becomes a part of other names, and a label's value."""
    metadata, spec = manifest.get("metadata"), manifest.get("spec")
    if not isinstance(metadata, Mapping) or not isinstance(spec, Mapping):
        return
    kind, name = model.__name__.removesuffix("Object"), metadata.get("name")
    # A name that is there and is none, such as `name: n`, is the type's to refuse.
    generated = metadata.get("generateName")
    if name is None and (generated is None or generated == ""):
        yield Problem(NAME, f"is missing; give the {kind} a name")
    message = name_problem(kind, name, spec) if isinstance(name, str) else None
    if message:
        yield Problem(NAME, message)
