"""
What people can do about a state, by its reason: a table.

`{run}`, `{task}` and `{workflow}` stand for names. A reason without a line needs nobody. Knows
words; judges nothing.
"""

from collections.abc import Mapping
from typing import Final

from headrace.api.v1alpha1.reasons import Reason

CURES: Final[Mapping[str, str]] = {
    Reason.UNSCHEDULABLE: "make room, or correct what the task asks of a node",
    Reason.IMAGE_PULL_FAILED: "correct the image's name, or its imagePullSecrets",
    Reason.CONTAINER_CONFIG_ERROR: "make the Secret, ConfigMap or volume that the message names",
    Reason.QUOTA_EXCEEDED: "wait, or raise the namespace's ResourceQuota",
    Reason.POD_NOT_CREATED: "correct what the API server refuses",
    Reason.WAITING_FOR_POOL: "headrace show pool/… says who holds its slots",
    Reason.POOL_NOT_FOUND: "create the Pool, or correct its name in the workflow",
    Reason.SUSPENDED: "look at the queueing system that holds the Job",
    Reason.FORBIDDEN: "upgrade the chart, or grant the controller this right",
    Reason.INTERNAL_ERROR: "look at the controller's log, and report it",
    Reason.WAITING_FOR_APPROVAL: "headrace approve {run} --task {task}",
    Reason.APPROVAL_NOT_GUARDED: "set approvals.guard=true in the chart",
    Reason.PAUSED: "headrace resume {run}",
    Reason.INVALID_DEFINITION: "correct the workflow, and apply it again",
    Reason.INVALID_PARAMS: "start a run with other values",
    Reason.TEMPLATE_NOT_READY: "apply the template, or correct its name in the workflow",
    Reason.WORKFLOW_NOT_FOUND: "apply the workflow",
    Reason.NON_ZERO_EXIT: "headrace logs {run} {task}",
    Reason.RETRIES_EXHAUSTED: "headrace logs {run} {task}",
    Reason.ITEMS_FAILED: "headrace logs {run} {task}",
    Reason.OOM_KILLED: "raise resources.limits.memory, or let a retry rule do it",
    Reason.START_ERROR: "correct the command: it must be a program of the image",
    Reason.INVALID_OUTPUTS: "correct what the task writes to HEADRACE_OUTPUTS",
    Reason.INVALID_EXPRESSION: "ask with has(…), or give a fallback with default(…, …)",
    Reason.ADMISSION_DENIED: "correct what the API server refuses",
    Reason.INVALID_IMAGE_NAME: "correct the image's name",
}


def cure(reason: str, **names: str) -> str:
    """Return what to do about a reason; empty: nothing."""
    return CURES.get(reason, "").format(**names)
