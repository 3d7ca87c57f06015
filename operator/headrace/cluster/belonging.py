"""
The place of a TaskRun: its run and task, and the names of its Jobs.

Reads only the TaskRun itself, so all readers have the same answer at any time. Knows no cache and
no API server.
"""

from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from headrace.api.v1alpha1 import labels
from headrace.engine.run.observed import RunKey, RunKind
from headrace.kube.objects import Meta, OwnerReference
from headrace.manifests.kube import Job, OwnObject
from headrace.manifests.names import former_task_run_name, job_name, task_run_names

_LAST = datetime.max.replace(tzinfo=UTC)


class Place(NamedTuple):
    """A task of a run. A TaskRun on its own is a run with one task."""

    key: RunKey
    run_uid: str
    task: str


def place_of(item: OwnObject) -> Place:
    """
    Return the run and the task of a TaskRun.

    Anybody may write a TaskRun that names a run. It belongs to the run if it has the derived name,
    today's or the former, and the run as its owner. Any other TaskRun is on its own, and is refused
    because of its claim.
    """
    meta, run, task = item.metadata, item.spec.get("run"), item.spec.get("task")
    owner = _controller(meta)
    named = isinstance(task, str) and meta.name in task_run_names(str(run), task)
    if named and owner is not None and (owner.kind, owner.name) == ("WorkflowRun", run):
        return Place(RunKey(meta.namespace, owner.name), owner.uid, str(task))
    # Its own uid, not an owner's: the names of its Jobs are derived from it.
    return Place(RunKey(meta.namespace, meta.name, RunKind.TASK_RUN), meta.uid, meta.name)


class Call(NamedTuple):
    """The attempt of a task that has called a run."""

    key: RunKey
    """The calling run."""
    task_run: str
    """The name of its TaskRun."""
    task_run_uid: str


def call_of(meta: Meta) -> Call | None:
    """
    Return the call that a run's owner stands for; None: no task has called it.

    A task's name has no dot, so the last dot of a TaskRun's name ends the run's name.
    """
    owner = _controller(meta)
    if owner is None or owner.kind != "TaskRun":
        return None
    run = owner.name.rpartition(".")[0]
    return Call(RunKey(meta.namespace, run), owner.name, owner.uid) if run else None


def number_of(run: OwnObject, place: Place, count: int) -> int | None:
    """
    Return the attempt that a run belongs to, by its name; None: it is no attempt.

    Args:
        run: The run.
        place: The task.
        count: The known number of attempts.

    """
    return next(
        (n for n in range(count + 1, 0, -1) if run.metadata.name == attempt_name(place, n)), None
    )


def task_run_key(item: OwnObject) -> RunKey:
    """Return the run of a TaskRun. A TaskRun on its own is a run itself."""
    return place_of(item).key


def elder(one: OwnObject, other: OwnObject) -> OwnObject:
    """
    Return which of two TaskRuns of one task counts: the older one.

    They have today's name and the former name. A run that began under an earlier controller goes on
    with its own TaskRun; a later one never takes its place.
    """
    return min(one, other, key=_age)


def _age(item: OwnObject) -> tuple[datetime, bool]:
    meta, spec = item.metadata, item.spec
    former = meta.name == former_task_run_name(spec["run"], spec["task"])
    return meta.creation_timestamp or _LAST, former


def owner_uid(meta: Meta) -> str:
    """Return the uid of the object that controls this one, or an empty text."""
    owner = _controller(meta)
    return "" if owner is None else owner.uid


def _controller(meta: Meta) -> OwnerReference | None:
    for owner in meta.owner_references:  # Several times for each event: no generator.
        if owner.controller:
            return owner
    return None


def attempt_name(place: Place, number: int) -> str:
    """Return the name of the Job of a task's attempt."""
    return job_name(place.key.name, place.run_uid, place.task, number)


def attempt_of(job: Job, place: Place, count: int) -> Job | None:
    """
    Return a Job with the label of the attempt in its name; None if it is no attempt.

    Args:
        job: The Job.
        place: The task.
        count: The known number of attempts.

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


def attempt_id(key: RunKey, run_uid: str, task: str, number: int) -> str:
    """Return the name of the Job of an attempt, as pools know the attempt."""
    return job_name(key.name, run_uid, task, number)
