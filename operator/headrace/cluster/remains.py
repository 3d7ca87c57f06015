"""
Whether Jobs and Pods still run something, and whose they are.

Knows single objects. Does not know caches, or who waits for what.
"""

from collections.abc import Iterable, Iterator

from headrace.api.v1alpha1 import labels
from headrace.kube.objects import Meta
from headrace.manifests.kube import Job, Pod, holds
from headrace.manifests.names import job_name
from headrace.manifests.pods import active


def going_on(jobs: Iterable[Job], pods: Iterable[Pod]) -> Iterator[Meta]:
    """Yield those that run something, or may still start to."""
    for job in jobs:
        if not any(holds(job.status.conditions, end) for end in ("Complete", "Failed")):
            yield job.metadata
    yield from (pod.metadata for pod in pods if active(pod))


def is_of(meta: Meta, uid: str) -> bool:
    """
    Tell whether a Job or Pod is of the run with this uid, and not of one before it of its name.

    A Pod's name begins with that of its Job, also when the Job is gone or has let go of it.
    """
    run, task = meta.labels.get(labels.RUN, ""), meta.labels.get(labels.TASK, "")
    attempt = meta.labels.get(labels.ATTEMPT, "")
    if not attempt.isdecimal():
        return False
    name = job_name(run, uid, task, int(attempt))
    return meta.name == name or meta.name.startswith(f"{name}-")
