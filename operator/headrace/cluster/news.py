"""
What a change of an object is worth: a turn at once, a turn soon, or none.

Knows which fields a turn acts upon without delay. Decides nothing about runs: any turn looks at all
there is, so a change that is rated too low is seen late, and never lost.
"""

from enum import Enum

import msgspec

from headrace.kube.objects import Meta
from headrace.manifests.kube import Job, OwnObject, Pod, holds


class News(Enum):
    """How soon somebody must look."""

    NOW = "now"
    """Something can start, must end, or was asked for by a person."""
    SOON = "soon"
    """There is something else to tell; nothing waits for it."""
    NONE = "none"
    """Nothing of what is kept of the object has changed, other than its version."""


def of_own(old: OwnObject | None, new: OwnObject | None, *, begins: bool) -> News:
    """
    Rate a change of a WorkflowRun or TaskRun.

    What is in the spec is wanted by people. What is in the status, we wrote ourselves, and the turn
    that wrote it has acted upon it.

    Args:
        old: As it was; None: it is new.
        new: As it is; None: it is gone.
        begins: Whether a new object asks for something; if not, we made it ourselves.

    """
    if new is None:
        return News.NOW
    if old is None:
        return News.NOW if begins else News.SOON
    if _another(old.metadata, new.metadata):
        return News.NOW
    return News.NONE if _same(old, new) else News.SOON


def of_job(old: Job | None, new: Job | None) -> News:
    """Rate a change of a Job: it is gone, or it says that it failed. Good ends are told by pods."""
    if new is None:
        return News.NOW
    if old is None:
        return News.SOON
    if _another(old.metadata, new.metadata) or (_failed(new) and not _failed(old)):
        return News.NOW
    return News.NONE if _same(old, new) else News.SOON


def of_pod(old: Pod | None, new: Pod | None) -> News:
    """Rate a change of a Pod: a container ended, or the pod failed, or somebody removes it."""
    if new is None:
        return News.NOW if old is None or not has_ended(old) else News.SOON
    if ended(new) - ended(old):
        return News.NOW
    if new.status.phase == "Failed" and (old is None or old.status.phase != "Failed"):
        return News.NOW
    if old is not None and old.metadata.deletion_timestamp != new.metadata.deletion_timestamp:
        return News.NOW  # What it tells must be on record before it is gone.
    return News.NONE if old is not None and _same(old, new) else News.SOON


def ended(pod: Pod | None) -> frozenset[str]:
    """Return the names of the pod's containers that have terminated."""
    statuses = () if pod is None else pod.status.container_statuses
    return frozenset(each.name for each in statuses if each.state.terminated is not None)


def has_ended(pod: Pod) -> bool:
    """Tell whether each container of the pod has terminated, and there is one."""
    return 0 < len(ended(pod)) == len(pod.status.container_statuses)


def succeeded(pod: Pod) -> bool:
    """Tell whether all that has terminated of the pod ended well, and something has."""
    ends = [each.state.terminated for each in pod.status.container_statuses]
    return bool(ended(pod)) and all(each is None or each.exit_code == 0 for each in ends)


def _failed(job: Job) -> bool:
    return holds(job.status.conditions, "Failed") is not None


def _another(old: Meta, new: Meta) -> bool:
    """Tell whether it was replaced, its spec changed, or its end asked for."""
    return (old.uid, old.generation, old.deletion_timestamp) != (
        new.uid,
        new.generation,
        new.deletion_timestamp,
    )


def _same(old: OwnObject | Job | Pod, new: OwnObject | Job | Pod) -> bool:
    if old.spec != new.spec or old.status != new.status:
        return False
    version = new.metadata.resource_version
    return msgspec.structs.replace(old.metadata, resource_version=version) == new.metadata
