"""
Whether Jobs and Pods still run, and their runs.

Knows single objects. Does not know caches, or waiting tasks.
"""

from collections.abc import Iterable, Iterator

from headrace.api.v1alpha1 import labels
from headrace.kube.objects import Meta
from headrace.manifests.kube import Job, Pod, holds
from headrace.manifests.names import job_name
from headrace.manifests.pods import active


def going_on(jobs: Iterable[Job], pods: Iterable[Pod]) -> Iterator[Meta]:
    """Yield the objects that still run a program, or may start one."""
    for job in jobs:
        if not any(holds(job.status.conditions, end) for end in ("Complete", "Failed")):
            yield job.metadata
    yield from (pod.metadata for pod in pods if active(pod))


def is_of(meta: Meta, uid: str) -> bool:
    """
    Return whether a Job or Pod belongs to the run with this uid, and not to one before it.

    A Pod's name begins with the name of its Job, also if the Job is gone or has released it.
    """
    run, task = meta.labels.get(labels.RUN, ""), meta.labels.get(labels.TASK, "")
    attempt = meta.labels.get(labels.ATTEMPT, "")
    if not attempt.isdecimal():
        return False
    name = job_name(run, uid, task, int(attempt))
    return meta.name == name or meta.name.startswith(f"{name}-")
