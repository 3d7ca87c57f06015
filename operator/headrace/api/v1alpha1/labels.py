"""
The labels and annotations that Headrace writes: API, never renamed.

Labels that GitOps tools own are never copied to children, so only these appear on them.
"""

from headrace.api.v1alpha1.base import GROUP

WORKFLOW = f"{GROUP}/workflow"
"""Label on WorkflowRuns, TaskRuns, Jobs and pods: the Workflow's name."""

RUN = f"{GROUP}/run"
"""Label on TaskRuns, Jobs and pods: the run's name."""

TASK = f"{GROUP}/task"
"""Label on TaskRuns, Jobs and pods: the task's name."""

ATTEMPT = f"{GROUP}/attempt"
"""Label on Jobs and pods: the attempt's number, from 1."""

MANAGED_BY = "app.kubernetes.io/managed-by"
"""Label on all that Headrace makes: `headrace`."""

PART_OF = "app.kubernetes.io/part-of"
"""Label on Jobs and pods: `headrace`."""

HEADRACE = "headrace"

REQUESTED_BY = f"{GROUP}/requested-by"
"""Annotation: who asked for it, stamped by the API server on what people write. A run that a
trigger starts carries its workflow's."""

ALLOW_WORKFLOWS = f"{GROUP}/allow-workflows"
"""Label on a ServiceAccount: `"true"` lets tasks of its namespace run as it."""

MEMORY = f"{GROUP}/memory"
"""Annotation on a Job: the memory limit, where a retry rule raised it."""
