"""
What of a workflow cannot be had, or has no effect, on this machine.

Knows the fields that only a cluster can fill. Knows no program and no container.
"""

from collections.abc import Container, Iterator, Mapping
from typing import Any

from headrace.api.reading.problem import Problem
from headrace.api.v1alpha1.task import TaskSettings
from headrace.api.v1alpha1.workflow import WorkflowSpec


def path(spec: WorkflowSpec, position: int) -> str:
    """Return the path of the task at a position of the definition."""
    if position < len(spec.tasks):
        return f"spec.tasks[{position}]"
    return f"spec.finally[{position - len(spec.tasks)}]"


def foreign_values(spec: WorkflowSpec, variables: Container[str]) -> Iterator[Problem]:
    """
    Name variables whose value is kept in the cluster, and that the shell does not have either.

    Args:
        spec: The workflow.
        variables: The names that the runner's own environment has.

    """
    for where, settings in _settings(spec):
        for index, variable in enumerate(settings.env):
            if variable.name not in variables and _must_have(variable.value_from):
                yield Problem(
                    f"{where}.env[{index}].valueFrom",
                    f"its source is in the cluster, not on this machine; set"
                    f" {variable.name} in the shell that runs headrace",
                )
        for index, source in enumerate(settings.env_from):
            if _must_have(source):
                yield Problem(
                    f"{where}.envFrom[{index}]",
                    "its source is in the cluster, not on this machine; name its variables in"
                    " env, each with valueFrom, and set them in the shell that runs headrace",
                )


def _must_have(source: Mapping[str, Any] | None) -> bool:
    """Tell whether a task cannot start without what a source names, as in a pod."""
    if source is None:
        return False
    named = (each for each in source.values() if isinstance(each, Mapping))
    return not any(each.get("optional") is True for each in named)


def volumes(spec: WorkflowSpec, instead: str) -> Iterator[str]:
    """
    Say once that volumes are left out.

    Args:
        spec: The workflow.
        instead: What tasks have instead.

    """
    with_volumes = sum(
        bool(settings.volumes or settings.volume_mounts) for _, settings in _settings(spec)
    )
    if with_volumes:
        yield f"volumes and volumeMounts have no effect on this machine: {instead}"


def _settings(spec: WorkflowSpec) -> Iterator[tuple[str, TaskSettings]]:
    yield "spec.defaults", spec.defaults
    for position, task in enumerate((*spec.tasks, *spec.finally_)):
        yield path(spec, position), task
