"""The addresses of our own kinds in the Kubernetes API."""

from typing import Final

from headrace.api.v1alpha1.group import GROUP, VERSION
from headrace.kube.resources import Resource

WORKFLOWS: Final = Resource(GROUP, VERSION, "workflows", "Workflow")
WORKFLOW_RUNS: Final = Resource(GROUP, VERSION, "workflowruns", "WorkflowRun")
TASK_RUNS: Final = Resource(GROUP, VERSION, "taskruns", "TaskRun")
APPROVALS: Final = Resource(GROUP, VERSION, "approvals", "Approval")
POOLS: Final = Resource(GROUP, VERSION, "pools", "Pool")
BACKFILLS: Final = Resource(GROUP, VERSION, "backfills", "Backfill")
TASK_TEMPLATES: Final = Resource(GROUP, VERSION, "tasktemplates", "TaskTemplate")
CLUSTER_TASK_TEMPLATES: Final = Resource(
    GROUP, VERSION, "clustertasktemplates", "ClusterTaskTemplate", namespaced=False
)

NEW: Final = frozenset({APPROVALS, POOLS, BACKFILLS, TASK_TEMPLATES, CLUSTER_TASK_TEMPLATES})
"""Kinds whose CRDs a cluster may lack: its CRDs may be older than the controller."""
