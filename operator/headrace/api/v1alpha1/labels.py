"""
The labels and annotations that Headrace writes: API, never renamed.

GitOps tools put labels of their own on objects. Headrace never copies those to children.
"""

from headrace.api.v1alpha1.group import GROUP

WORKFLOW = f"{GROUP}/workflow"
"""Label on WorkflowRuns, TaskRuns, Jobs and pods: the Workflow's name."""

RUN = f"{GROUP}/run"
"""Label on TaskRuns, Jobs and pods: the run's name. On a called WorkflowRun: the calling run's."""

TASK = f"{GROUP}/task"
"""Label on TaskRuns, Jobs, pods and called WorkflowRuns: the task's name."""

ATTEMPT = f"{GROUP}/attempt"
"""Label on Jobs, pods and called WorkflowRuns: the attempt's number, from 1."""

INDEX = f"{GROUP}/index"
"""Label on called WorkflowRuns and Approvals of a task with forEach: the item's index, from 0."""

BACKFILL = f"{GROUP}/backfill"
"""Label on WorkflowRuns that a Backfill created: its name."""

BACKFILL_UID = f"{GROUP}/backfill-uid"
"""Annotation on WorkflowRuns that a Backfill created: its uid. A later Backfill of the same name
counts such a run as somebody else's."""

BACKFILL_TICK = f"{GROUP}/backfill-tick"
"""Annotation on WorkflowRuns that a Backfill created: the position of the run's logical time."""

MANAGED_BY = "app.kubernetes.io/managed-by"
"""Label on all objects that Headrace creates: `headrace`."""

PART_OF = "app.kubernetes.io/part-of"
"""Label on Jobs and pods: `headrace`."""

HEADRACE = "headrace"

REQUESTED_BY = f"{GROUP}/requested-by"
"""Annotation: who asked for the object. The API server stamps it on objects that people write. A
run that a trigger starts carries the annotation of its workflow."""

ARCHIVED = f"{GROUP}/archived"
"""Annotation on WorkflowRuns: when the archive had written the run. Until then, and within a limit,
history does not delete it."""

ALLOW_WORKFLOWS = f"{GROUP}/allow-workflows"
"""Label on a ServiceAccount: `"true"` lets tasks of its namespace use the account."""

POOL = f"{GROUP}/pool"
"""Label on Jobs and pods: the Pool whose slots they hold."""

POOL_SLOTS = f"{GROUP}/pool-slots"
"""Annotation on Jobs and pods in a Pool: how many slots a pod holds."""

QUEUE = "kueue.x-k8s.io/queue-name"
"""Label of Kueue on Jobs: the LocalQueue that they wait in."""

MEMORY = f"{GROUP}/memory"
"""Annotation on a Job: the memory limit, if a retry rule raised it."""

UNPREPARED = f"{GROUP}/unprepared"
"""Annotation on the Job of a later attempt of a fan-out: it is suspended, and does not yet know the
items that need not run."""

ITEMS = f"{GROUP}/items"
"""Annotation on the Job of a fan-out: a hash of the items."""

COMPLETION_INDEX = "batch.kubernetes.io/job-completion-index"
"""Annotation of Kubernetes on the pods of an Indexed Job: the index."""
