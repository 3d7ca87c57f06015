"""
The labels and annotations that Headrace writes: API, never renamed.

Labels that GitOps tools own are never copied to children, so only these appear on them.
"""

from headrace.api.v1alpha1.base import GROUP

WORKFLOW = f"{GROUP}/workflow"
RUN = f"{GROUP}/run"
TASK = f"{GROUP}/task"
TASK_RUN = f"{GROUP}/taskrun"
ATTEMPT = f"{GROUP}/attempt"

MANAGED_BY = "app.kubernetes.io/managed-by"
PART_OF = "app.kubernetes.io/part-of"
HEADRACE = "headrace"

REQUESTED_BY = f"{GROUP}/requested-by"
"""Annotation on a WorkflowRun or TaskRun: who asked for it, stamped by the API server."""

ALLOW_WORKFLOWS = f"{GROUP}/allow-workflows"
"""Label on a ServiceAccount: `"true"` lets tasks of its namespace run as it."""

MEMORY = f"{GROUP}/memory"
"""Annotation on a Job: the memory limit, where a retry rule raised it."""
