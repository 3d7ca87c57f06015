"""
Where an attempt is in Kubernetes: a Job, its pod and the pod's node; a called run; an Approval.

Knows the words that people use for them. Knows no object.
"""

from functools import lru_cache

from headrace.engine.task.observed import RUN, Named, Where

JOB = "Job"
APPROVAL = "Approval"


@lru_cache(maxsize=20_000)  # Each turn compares them, and the same object compares at once.
def where(job: str | None = None, pod: str | None = None, node: str | None = None) -> Where:
    """Return where an attempt runs; an empty or missing name is unknown."""
    return Where(
        Named(JOB, job) if job else None,
        Named("pod", pod) if pod else None,
        Named("node", node) if node else None,
    )


@lru_cache(maxsize=1_000)
def in_run(name: str) -> Where:
    """Return where an attempt is that has called a run."""
    return Where(Named(RUN, name))


@lru_cache(maxsize=20_000)
def asked_in(approval: str) -> Where:
    """Return where people are asked."""
    return Where(Named(APPROVAL, approval))
