"""
A task on its own as a workflow of one task: this machine runs workflows.

Knows manifests. Runs nothing.
"""

import re
from dataclasses import replace
from typing import Any, Final

from headrace.api.checks.param_kinds import PYTHON_TYPES
from headrace.api.reading.problem import Problem
from headrace.api.v1alpha1.params import ParamType
from headrace.api.v1alpha1.taskrun import TaskRunSpec
from headrace.cli.workflow_file import FileObject, WorkflowFile

_TASK: Final = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")


def workflow_of(item: FileObject, spec: TaskRunSpec) -> WorkflowFile:
    """
    Return the workflow that runs a TaskRun on its own: its task has the name of the TaskRun.

    Raises:
        InputError: It cannot run here.

    """
    if spec.run is not None:
        message = f"the TaskRuns of run {spec.run!r} are made when it runs; remove this one"
        raise item.wrong([Problem("spec.run", message)])
    if not _TASK.fullmatch(item.name):
        message = (
            "here, the name of a TaskRun is that of a task: at most 63 lower case letters, digits"
            " and dashes, a letter first; rename it"
        )
        raise item.wrong([Problem("metadata.name", message)])
    task = spec.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude={"params"})
    value: dict[str, Any] = {
        **item.value,
        "kind": "Workflow",
        "spec": {
            "params": [
                {"name": each.name, "type": _type(each.value), "default": each.value}
                for each in spec.params
            ],
            "tasks": [{"name": item.name, **task}],
        },
    }
    return replace(item, value=value).workflow()


def _type(value: object) -> str:
    return next(ParamType(kind) for kind, python in PYTHON_TYPES.items() if type(value) is python)
