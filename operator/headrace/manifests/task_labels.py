"""
The names and labels of the objects that a task of a run has, besides its Jobs and Pods.

Knows the run and the task. Knows no kind of object.
"""

from typing import Any

from headrace.api.v1alpha1 import labels
from headrace.engine.task.actions import RunContext, StartAttempt
from headrace.manifests.names import called_run_name, item_name


def task_labels(context: RunContext, task: str) -> dict[str, str]:
    """Return the labels by which an object of a task is found."""
    return {
        labels.MANAGED_BY: labels.HEADRACE,
        labels.WORKFLOW: context.workflow,
        labels.RUN: context.run,
        labels.TASK: task,
    }


def child_name(start: StartAttempt[Any], index: int | None) -> str:
    """Return the name of the object of an attempt, or of one of its items."""
    context, task, number = start.context, start.task, start.number
    if index is None:
        return called_run_name(context.run, context.run_uid, task, number)
    return item_name(context.run, context.run_uid, task, number, index)


def child_labels(start: StartAttempt[Any], index: int | None) -> dict[str, str]:
    """Return the labels of the object of an attempt, or of one of its items."""
    item = {} if index is None else {labels.INDEX: str(index)}
    return {**task_labels(start.context, start.task), **item}
