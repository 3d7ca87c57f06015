"""
The labels of the objects that a task of a run has, besides its Jobs and Pods.

Knows the run and the task. Knows no kind of object.
"""

from headrace.api.v1alpha1 import labels
from headrace.engine.task.actions import RunContext


def task_labels(context: RunContext, task: str) -> dict[str, str]:
    """Return the labels by which an object of a task is found."""
    return {
        labels.MANAGED_BY: labels.HEADRACE,
        labels.WORKFLOW: context.workflow,
        labels.RUN: context.run,
        labels.TASK: task,
    }
