"""
Headrace's own objects as manifests: TaskRuns, WorkflowRuns, ControllerRevisions, Events.

Knows their form and their owners. Knows no API server.
"""

from collections.abc import Mapping
from typing import Any

from headrace.api.v1alpha1 import labels
from headrace.api.v1alpha1.group import API_VERSION
from headrace.engine.definition.work import ChildRun, Work
from headrace.engine.task.actions import StartAttempt, TakeOver
from headrace.engine.workflow.observed import NewRun
from headrace.manifests.names import revision_name, task_run_name
from headrace.manifests.run_spec import called_run_spec, run_spec
from headrace.manifests.task_labels import child_labels, child_name, task_labels
from headrace.manifests.work_spec import taken_over_spec, work_spec

Manifest = dict[str, Any]


def owner(kind: str, name: str, uid: str, api_version: str = API_VERSION) -> Manifest:
    """Return an owner reference: an object is deleted with its owner."""
    return {
        "apiVersion": api_version,
        "kind": kind,
        "name": name,
        "uid": uid,
        "controller": True,
        # True would need a right on the owner's finalizers, and background deletion needs neither.
        "blockOwnerDeletion": False,
    }


def task_run(start: StartAttempt[Work] | TakeOver) -> Manifest:
    """Return the TaskRun of a task that starts or is taken over, owned by its run."""
    context, task = start.context, start.task
    work = work_spec(start) if isinstance(start, StartAttempt) else taken_over_spec(start)
    return {
        "apiVersion": API_VERSION,
        "kind": "TaskRun",
        "metadata": {
            "name": task_run_name(context.run, task),
            "namespace": context.namespace,
            "labels": task_labels(context, task),
            "ownerReferences": [owner("WorkflowRun", context.run, context.run_uid)],
        },
        "spec": {"run": context.run, "task": task, **work},
    }


def workflow_run(workflow: Mapping[str, Any], run: NewRun) -> Manifest:
    """
    Return a run of a workflow.

    Args:
        workflow: The workflow's metadata: name, namespace, and annotations if it has any.
        run: The run. Its name is a lock: it lets a tick start only one run.

    """
    return {
        "apiVersion": API_VERSION,
        "kind": "WorkflowRun",
        "metadata": {
            "name": run.name,
            "namespace": workflow["namespace"],
            # The author of the workflow also asked for its runs.
            "annotations": {
                key: value
                for key, value in workflow.get("annotations", {}).items()
                if key == labels.REQUESTED_BY
            },
            # No owner: deleting a workflow must not end a running run.
            "labels": {
                labels.MANAGED_BY: labels.HEADRACE,
                labels.WORKFLOW: workflow["name"],
            },
        },
        "spec": run_spec(workflow["name"], run),
    }


def called_run(
    start: StartAttempt[ChildRun],
    owner: Manifest,
    annotations: Mapping[str, str],
    index: int | None = None,
) -> Manifest:
    """
    Return the run that an attempt calls, owned by the TaskRun.

    Args:
        start: The attempt.
        owner: The TaskRun as an owner reference.
        annotations: Those of the calling run: who asked for that run asked for this one too.
        index: The item that the run is for; None: the task has no items.

    """
    context, number = start.context, start.number
    return {
        "apiVersion": API_VERSION,
        "kind": "WorkflowRun",
        "metadata": {
            "name": child_name(start, index),
            "namespace": context.namespace,
            "annotations": {
                key: value for key, value in annotations.items() if key == labels.REQUESTED_BY
            },
            "labels": {
                **child_labels(start, index),
                labels.WORKFLOW: start.work.workflow,
                labels.ATTEMPT: str(number),
            },
            "ownerReferences": [owner],
        },
        "spec": called_run_spec(start.work, context, start.priority),
    }


def revision(workflow: Mapping[str, Any], spec: Mapping[str, Any], number: int) -> Manifest:
    """
    Return the ControllerRevision with the current definition.

    Suspension is no part of the definition: resuming a workflow makes no new one.
    """
    kept = {field: value for field, value in spec.items() if field != "suspend"}
    return {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {
            "name": revision_name(workflow["name"], workflow["uid"], kept),
            "namespace": workflow["namespace"],
            "labels": {
                labels.MANAGED_BY: labels.HEADRACE,
                labels.WORKFLOW: workflow["name"],
            },
        },
        "data": {"spec": kept},
        "revision": number,
    }
