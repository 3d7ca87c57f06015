"""
The weight of a change of an object: a turn at once, a turn soon, or none.

Knows which fields need a turn without delay. Decides nothing about runs: a turn looks at the whole
state, so a change with too little weight is seen late, and never lost.
"""

from enum import Enum

import msgspec

from headrace.kube.objects import Meta
from headrace.manifests.approval import Approval
from headrace.manifests.items_sighting import over
from headrace.manifests.kube import Job, OwnObject, Pod, holds
from headrace.manifests.pods import active
from headrace.manifests.run_status import has_ended as has_run_ended

Kept = OwnObject | Job | Pod | Approval


class News(Enum):
    """How soon a turn is needed."""

    NOW = "now"
    """A task can start or must end, or a person asked for something."""
    SOON = "soon"
    """The status changes; nobody waits for it."""
    NONE = "none"
    """No kept field has changed, except the version."""


def of_own(old: OwnObject | None, new: OwnObject | None, *, begins: bool) -> News:
    """
    Rate a change of a WorkflowRun, TaskRun or Backfill.

    People write the spec. We write the status, and the turn that wrote it has acted already.

    Args:
        old: The object before; None: it is new.
        new: The object now; None: it is gone.
        begins: Whether a new object is a request; if not, we created it ourselves.

    """
    if new is None:
        return News.NOW
    if old is None:
        return News.NOW if begins else News.SOON
    if _another(old.metadata, new.metadata):
        return News.NOW
    return News.NONE if _same(old, new) else News.SOON


def of_called(old: OwnObject | None, new: OwnObject | None) -> News:
    """Rate a change of a run for the run that called it: its end wakes that one at once."""
    if new is None:
        return News.NOW
    if old is None:
        return News.SOON  # its caller has just created it
    if has_ended_now(old, new):
        return News.NOW
    ended = has_run_ended(new.status)
    return News.NONE if ended or old.status == new.status else News.SOON


def has_ended_now(old: OwnObject | None, new: OwnObject | None) -> bool:
    """Return whether a change shows the end of a run."""
    if new is None or not has_run_ended(new.status):
        return False
    return old is None or not has_run_ended(old.status)


def of_approval(old: Approval | None, new: Approval | None) -> News:
    """Rate a change of an Approval: somebody answered it, it is closed, or it is gone."""
    if new is None:
        return News.NOW
    if old is None:
        return News.SOON
    if _another(old.metadata, new.metadata) or new.closed != old.closed:
        return News.NOW
    return News.NONE if _same(old, new) else News.SOON


def frees_job(old: Job | None, new: Job | None) -> News:
    """Rate a change of a Job for its pool: it creates no more pods, it is new, or neither."""
    if new is None or (old is not None and over(new) and not over(old)):
        return News.NOW
    return News.SOON if old is None else News.NONE


def frees_pod(old: Pod | None, new: Pod | None) -> News:
    """Rate a change of a Pod for its pool: its program has ended, or it has not."""
    was, runs = (pod is not None and active(pod) for pod in (old, new))
    return News.NOW if was and not runs else News.NONE


def of_job(old: Job | None, new: Job | None) -> News:
    """Rate a change of a Job: it is gone, or it failed. Its pods show success earlier."""
    if new is None:
        return News.NOW
    if old is None:
        return News.SOON
    if _another(old.metadata, new.metadata) or (_failed(new) and not _failed(old)):
        return News.NOW
    return News.NONE if _same(old, new) else News.SOON


def of_pod(old: Pod | None, new: Pod | None) -> News:
    """Rate a change of a Pod: a container ended, the pod failed, or somebody deletes it."""
    if new is None:
        return News.NOW if old is None or not has_ended(old) else News.SOON
    if ended(new) - ended(old):
        return News.NOW
    if new.status.phase == "Failed" and (old is None or old.status.phase != "Failed"):
        return News.NOW
    if old is not None and old.metadata.deletion_timestamp != new.metadata.deletion_timestamp:
        return News.NOW  # Its end must be recorded before it is gone.
    return News.NONE if old is not None and _same(old, new) else News.SOON


def ended(pod: Pod | None) -> frozenset[str]:
    """Return the names of the pod's containers that have terminated."""
    statuses = () if pod is None else pod.status.container_statuses
    return frozenset(status.name for status in statuses if status.state.terminated is not None)


def has_ended(pod: Pod) -> bool:
    """Return whether the pod has containers, and each of them has terminated."""
    return 0 < len(ended(pod)) == len(pod.status.container_statuses)


def succeeded(pod: Pod) -> bool:
    """Return whether containers have terminated, and each of them succeeded."""
    ends = [status.state.terminated for status in pod.status.container_statuses]
    return bool(ended(pod)) and all(end is None or end.exit_code == 0 for end in ends)


def _failed(job: Job) -> bool:
    return holds(job.status.conditions, "Failed") is not None


def _another(old: Meta, new: Meta) -> bool:
    """Return whether it was replaced, its spec changed, or it is being deleted."""
    return (old.uid, old.generation, old.deletion_timestamp) != (
        new.uid,
        new.generation,
        new.deletion_timestamp,
    )


def _same(old: Kept, new: Kept) -> bool:
    if old.spec != new.spec or old.status != new.status:
        return False
    version = new.metadata.resource_version
    return msgspec.structs.replace(old.metadata, resource_version=version) == new.metadata
