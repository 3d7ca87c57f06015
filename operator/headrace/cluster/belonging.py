"""
Which task of which run a TaskRun is, and what the Jobs of its attempts are called.

Knows what stands in the TaskRun itself, so all readers come to the same answer at any time.
Knows no cache and no API server.
"""

from typing import NamedTuple

import msgspec

from headrace.api.v1alpha1 import labels
from headrace.engine.run.observed import RunKey, RunKind
from headrace.kube.objects import Meta
from headrace.manifests.kube import Job, OwnObject
from headrace.manifests.names import job_name


class Place(NamedTuple):
    """A task of a run. A TaskRun on its own is the one task of a run that is the TaskRun itself."""

    key: RunKey
    run_uid: str
    task: str


def place_of(item: OwnObject) -> Place:
    """Return which task of which run a TaskRun is."""
    meta = item.metadata
    key = task_run_key(item)
    if key.kind is RunKind.TASK_RUN:
        # Its own uid, whoever owns it: the names of its Jobs are derived from it.
        return Place(key, meta.uid, meta.name)
    return Place(key, owner_uid(meta), str(item.spec.get("task") or meta.name))


def task_run_key(item: OwnObject) -> RunKey:
    """Return the run that a TaskRun belongs to; one on its own is a run itself."""
    run = item.spec.get("run")
    if isinstance(run, str):
        return RunKey(item.metadata.namespace, run)
    return RunKey(item.metadata.namespace, item.metadata.name, RunKind.TASK_RUN)


def owner_uid(meta: Meta) -> str:
    """Return the uid of the object that controls this one, or an empty text."""
    return next((owner.uid for owner in meta.owner_references if owner.controller), "")


def attempt_name(place: Place, number: int) -> str:
    """Return the name of the Job of a task's attempt."""
    return job_name(place.key.name, place.run_uid, place.task, number)


def attempt_of(job: Job, place: Place, count: int) -> Job | None:
    """
    Return a Job with the attempt's label as its name wants it; None if it is no attempt.

    Args:
        job: The Job.
        place: The task.
        count: How many attempts there have been, as far as is known.

    """
    meta = job.metadata
    label = meta.labels.get(labels.ATTEMPT, "")
    if label.isdecimal() and meta.name == attempt_name(place, int(label)):
        return job
    for number in range(1, count + 2):  # Somebody has changed the label: the name is the lock.
        if meta.name == attempt_name(place, number):
            own = {**meta.labels, labels.ATTEMPT: str(number)}
            return msgspec.structs.replace(job, metadata=msgspec.structs.replace(meta, labels=own))
    return None
