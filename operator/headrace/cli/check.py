"""
The problems of one object of a file: its kind, its fields, and fields that do not fit together.

The API and the engine make the checks, as in the controller. Knows no file.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from headrace.api.checks.similar import closest, did_you_mean
from headrace.api.checks.zone_name import offset_words
from headrace.api.reading.parse import (
    InvalidObjectError,
    Problem,
    parse_backfill,
    parse_pool,
    parse_run,
    parse_task_run,
    parse_template,
    parse_workflow,
)
from headrace.api.v1alpha1.backfill import BackfillSpec
from headrace.api.v1alpha1.backfill_words import Step
from headrace.api.v1alpha1.group import API_VERSION, GROUP
from headrace.api.v1alpha1.pool import PoolSpec
from headrace.api.v1alpha1.run import RunSpec
from headrace.api.v1alpha1.taskrun import TaskRunSpec
from headrace.api.v1alpha1.template import TemplateSpec
from headrace.cli.templates import CURE, NO_TEMPLATES, KnownTemplates, specs
from headrace.engine.backfill.plan import Plan, plan
from headrace.engine.definition.calls import calls_itself
from headrace.engine.definition.compile import Definition, params_alone, single_task
from headrace.engine.definition.followed import follows_itself
from headrace.engine.definition.problems import InvalidDefinitionError
from headrace.engine.definition.templates import CLUSTER, fill_in, used

MAX_OBJECT_BYTES = 1_500_000
"""The default limit of etcd (1.5 MiB), with room for the status and the API server's fields."""

DEFAULT_NAMESPACE = "default"
"""The namespace of a manifest that names none, as in kubectl."""

Spec = Definition | RunSpec | TaskRunSpec | PoolSpec | BackfillSpec | TemplateSpec

WORKFLOW = "Workflow"


@dataclass(frozen=True, slots=True)
class Checked:
    """One object, checked."""

    kind: str
    name: str
    namespace: str = DEFAULT_NAMESPACE
    foreign: bool = False
    """Whether the object belongs to another program, and was not checked."""
    spec: Spec | None = None
    """None if the object has problems."""
    problems: tuple[Problem, ...] = ()
    hints: tuple[Problem, ...] = ()
    """What is right, and yet may not be what was meant."""
    size: int = 0
    """Bytes as JSON, if the object has no problems."""
    value: Mapping[str, Any] = field(default_factory=dict)
    """The object as it was written, if it has no problems."""


def check(value: Any, templates: KnownTemplates = NO_TEMPLATES) -> Iterator[Checked]:
    """
    Check an object; of a `kind: List`, each object in it.

    Args:
        value: The object.
        templates: Those of the files beside it. Those of Headrace are always known.

    """
    if not isinstance(value, Mapping):
        message = "this is no object; a manifest begins with apiVersion, kind, metadata and spec"
        yield Checked("", "", problems=(Problem("", message),))
    elif value.get("kind") == "List" and isinstance(value.get("items"), list):
        for index, item in enumerate(value["items"]):
            for checked in check(item, templates):
                yield _inside(checked, f"items[{index}]")
    else:
        yield _check(value, templates)


def _inside(checked: Checked, path: str) -> Checked:
    problems, hints = (
        tuple(Problem(f"{path}.{problem.path}".rstrip("."), problem.message) for problem in told)
        for told in (checked.problems, checked.hints)
    )
    return replace(checked, problems=problems, hints=hints)


def _check(value: Mapping[str, Any], templates: KnownTemplates) -> Checked:
    kind, metadata = str(value.get("kind", "")), value.get("metadata")
    known = metadata if isinstance(metadata, Mapping) else {}
    name = str(known.get("name") or "")
    namespace = str(known.get("namespace") or DEFAULT_NAMESPACE)
    api_version = str(value.get("apiVersion", ""))
    problem = _wrong_kind(api_version, kind)
    if problem is not None:
        return Checked(kind, name, namespace, problems=(problem,))
    if api_version != API_VERSION:
        return Checked(kind, name, foreign=True)
    try:
        spec = _workflow(value, templates) if kind == WORKFLOW else READERS[kind](value)
        size = len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())
        return Checked(
            kind,
            name,
            namespace,
            spec=spec,
            problems=tuple(_too_large(size)),
            hints=tuple(_hints(value["spec"])),
            size=size,
            value=value,
        )
    except (InvalidObjectError, InvalidDefinitionError) as error:
        return Checked(kind, name, namespace, problems=error.problems)


def _too_large(size: int) -> Iterator[Problem]:
    """Yield a problem if a cluster cannot keep the object. On this machine, any size runs."""
    if size > MAX_OBJECT_BYTES:
        message = (
            f"the object has {size} bytes as JSON, and a cluster keeps at most {MAX_OBJECT_BYTES};"
            " split the workflow, and keep data and programs out of it"
        )
        yield Problem("spec", message)


def _hints(spec: Mapping[str, Any]) -> Iterator[Problem]:
    """Say of fixed offsets which ones they are."""
    for index, trigger in enumerate(spec.get("triggers") or ()):
        words = offset_words((trigger.get("schedule") or {}).get("timeZone") or "")
        if words:
            yield Problem(f"spec.triggers[{index}].schedule.timeZone", words)


def _wrong_kind(api_version: str, kind: str) -> Problem | None:
    """Return the problem with apiVersion or kind, if the object is meant to be Headrace's."""
    group = api_version.partition("/")[0]
    if group == GROUP and api_version != API_VERSION:
        return Problem("apiVersion", f"there is no {api_version!r}; write {API_VERSION}")
    if group == GROUP and kind not in READERS:
        cure = did_you_mean(kind, READERS) or f"the kinds are: {', '.join(READERS)}"
        return Problem("kind", f"there is no kind {kind!r} in {API_VERSION}; {cure}")
    meant = not group or closest(group, (GROUP,)) is not None
    if group != GROUP and kind in READERS and meant:
        written = f", not {api_version!r}" if api_version else ""
        return Problem("apiVersion", f"must be {API_VERSION}{written}; change it")
    return None


def _workflow(value: Mapping[str, Any], templates: KnownTemplates = NO_TEMPLATES) -> Definition:
    spec, metadata = parse_workflow(value), value.get("metadata")
    known = metadata if isinstance(metadata, Mapping) else {}
    name, namespace = str(known.get("name")), str(known.get("namespace") or DEFAULT_NAMESPACE)
    there = specs(templates.of(namespace)) if used(spec) else {}
    definition = fill_in(spec, there, replace(CLUSTER, cure=CURE)).definition
    problems = (
        *calls_itself(name, definition),
        *follows_itself((namespace, name), definition),
    )
    if problems:
        raise InvalidDefinitionError(problems)
    return definition


def _task_run(value: Mapping[str, Any]) -> TaskRunSpec:
    spec = parse_task_run(value)
    if spec.run is None:  # The TaskRun of a run has values in place of expressions.
        single_task("alone", spec, params_alone(spec.params))
    return spec


def _backfill(value: Mapping[str, Any]) -> BackfillSpec:
    spec = parse_backfill(value)
    if spec.step is not Step.SCHEDULE:  # The ticks of schedules need the workflow.
        planned = plan(spec, ())
        if not isinstance(planned, Plan):
            path, _, message = planned[1].partition(": ")
            raise InvalidObjectError((Problem(path, message),))
    return spec


READERS: Mapping[str, Callable[[Mapping[str, Any]], Spec]] = {
    WORKFLOW: _workflow,
    "WorkflowRun": parse_run,
    "TaskRun": _task_run,
    "Pool": parse_pool,
    "Backfill": _backfill,
    "TaskTemplate": parse_template,
    "ClusterTaskTemplate": parse_template,
}
