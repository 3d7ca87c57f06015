"""
The parts of a workflow that this machine cannot provide, or that have no effect here.

Knows the fields that only a cluster can fill, and this machine's folders. Knows no program.
"""

import os
from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from typing import Any

from headrace.api.reading.problem import Problem
from headrace.api.v1alpha1.task import TaskBody, TaskSettings
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.engine.definition.compile import Definition


def path(spec: WorkflowSpec, position: int) -> str:
    """Return the path of the task at a position of the definition."""
    if position < len(spec.tasks):
        return f"spec.tasks[{position}]"
    return f"spec.finally[{position - len(spec.tasks)}]"


def foreign_values(spec: WorkflowSpec, variables: Container[str]) -> Iterator[Problem]:
    """
    Yield variables with a source in the cluster that the shell does not have either.

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
    """Return whether a task cannot start without a source, as in a pod."""
    if source is None:
        return False
    named = (part for part in source.values() if isinstance(part, Mapping))
    return not any(part.get("optional") is True for part in named)


def volumes(spec: WorkflowSpec, instead: str) -> Iterator[str]:
    """
    Yield one notice that volumes are left out.

    Args:
        spec: The workflow.
        instead: The replacement for volumes, in words.

    """
    with_volumes = sum(
        bool(settings.volumes or settings.volume_mounts) for _, settings in _settings(spec)
    )
    if with_volumes:
        yield f"volumes and volumeMounts have no effect on this machine: {instead}"


def missing_folders(spec: WorkflowSpec, definition: Definition) -> Iterator[Problem]:
    """Yield missing working folders, once for each place in the manifest."""
    tasks = (*spec.tasks, *spec.finally_)
    told = set()
    for task, body in definition.programs:
        own = tasks[task.position].working_dir is not None
        where = path(spec, task.position) if own else "spec.defaults"
        message = missing_folder(body)
        if message is not None and where not in told:
            told.add(where)
            yield Problem(f"{where}.workingDir", message)


def missing_folder(body: TaskBody) -> str | None:
    """Return why a process cannot start in a task's folder, and the cure; None if it can."""
    folder = body.working_dir
    if folder is None:
        return None
    containers = "or use --runner podman or docker"
    if not Path(folder).is_dir():
        return f"there is no folder {folder!r} on this machine; make it, {containers}"
    if not os.access(folder, os.X_OK):
        return f"the folder {folder!r} cannot be entered; change its rights, {containers}"
    return None


def _settings(spec: WorkflowSpec) -> Iterator[tuple[str, TaskSettings]]:
    yield "spec.defaults", spec.defaults
    for position, task in enumerate((*spec.tasks, *spec.finally_)):
        yield path(spec, position), task
