"""
The kinds that commands know, and the names that people use for them.

Knows names. Knows no object.
"""

from typing import Final

from headrace.cluster.kinds import APPROVALS, BACKFILLS, POOLS, TASK_RUNS, WORKFLOW_RUNS, WORKFLOWS
from headrace.kube.resources import Resource

SHORT: Final = {
    "Workflow": ("workflows", "workflow", "hrw"),
    "WorkflowRun": ("runs", "run", "workflowruns", "workflowrun", "hrr"),
    "TaskRun": ("tasks", "task", "taskruns", "taskrun", "hrt"),
    "Approval": ("approvals", "approval", "hra"),
    "Pool": ("pools", "pool", "hrp"),
    "Backfill": ("backfills", "backfill", "hrb"),
}
"""The names of each kind; the first one is ours."""

KINDS: Final[dict[str, Resource]] = {
    name: kind
    for kind in (WORKFLOWS, WORKFLOW_RUNS, TASK_RUNS, APPROVALS, POOLS, BACKFILLS)
    for name in SHORT[kind.kind]
}


def split(name: str) -> tuple[Resource | None, str]:
    """Read `run/NAME` or `NAME`; without a kind, the first part is None."""
    kind, slash, rest = name.partition("/")
    return (KINDS.get(kind.lower().partition(".")[0]), rest) if slash else (None, name)
