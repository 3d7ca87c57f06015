"""
From an Indexed Job and the states of its items to the engine's sighting of an attempt.

Knows the Job. `item_pods` reads the pods. Decides nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from headrace.api.v1alpha1 import labels
from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.places import NO_PLACES, Places
from headrace.engine.task.observed import Ending, SeenItems, Sighting, Stage
from headrace.manifests.item_pods import ItemState
from headrace.manifests.kube import Job, holds
from headrace.manifests.sighting import as_gone, facts_of, held_words

LOST = "the pod is gone, and its Job says that the item failed"


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What the pods of a Job show of its items."""

    ended: Mapping[int, Ending] = field(default_factory=dict)
    places: Places = NO_PLACES
    """The items that ended."""
    running: Places = NO_PLACES
    active: int = 0
    """How many items have a pod that may run or start."""
    started: datetime | None = None
    """When the first program started."""
    moved: datetime | None = None
    """When a program last started or ended."""
    crowded: datetime | None = None
    """When the last program succeeded whose pod has another container that goes on."""
    waiting: tuple[int, ItemState] | None = None
    """The first item that waits, and for what, if its pod knows."""
    hopeless: Ending | None = None
    """Why no pod can ever start."""


def over(job: Job) -> bool:
    """Return whether a Job creates no more pods."""
    return any(holds(job.status.conditions, end) is not None for end in ("Complete", "Failed"))


def leaving(job: Job, *, gone: bool) -> bool:
    """Return whether a Job is gone, or being deleted."""
    return gone or job.metadata.deletion_timestamp is not None


def sight_items(job: Job, facts: ItemFacts, *, gone: bool, now: datetime) -> Sighting:
    """
    Return the sighting of an attempt over items.

    Args:
        job: The Job as last seen.
        facts: What its pods show.
        gone: The Job was deleted, and `job` is its last state.
        now: Replaces times that Kubernetes does not give.

    """
    base = facts_of(job)
    seen, whole = _items(job, facts, now), _whole(job, facts, now)
    known = facts.places | Places.read_legible(job.status.completed_indexes, seen.total)
    ends = over(job) or len(known) >= seen.total
    base = replace(
        base,
        started=facts.started,
        waiting_since=max(filter(None, (base.waiting_since, facts.moved)), default=None),
        items=replace(seen, digest=job.metadata.annotations.get(labels.ITEMS, "")),
        ending=whole,
        alive=facts.active > 0 or not ends,
        crowded_since=facts.crowded if ends else None,
    )
    if leaving(job, gone=gone):
        return as_gone(base, alive=facts.active > 0 or not gone)
    if ends or whole is not None:
        return replace(base, stage=Stage.ENDED)
    return _going_on(base, job, facts)


def without_pods(job: Job, facts: ItemFacts) -> Places:
    """Return the items that a Job says have ended, and whose pods nobody knows."""
    if not over(job):
        return NO_PLACES
    total = job.spec.completions
    told = (
        Places.read_legible(text, total)
        for text in (job.status.completed_indexes, job.status.failed_indexes)
    )
    return (next(told) | next(told)) - facts.places


def _items(job: Job, facts: ItemFacts, now: datetime) -> SeenItems:
    total, ended = job.spec.completions, facts.ended
    if not over(job):
        return SeenItems(total, ended, running=facts.running)
    completed = Places.read_legible(job.status.completed_indexes, total)
    failed = Places.read_legible(job.status.failed_indexes, total)
    lost = failed - facts.places
    if lost:
        ending = Ending(_over_since(job) or now, reason=Reason.POD_DELETED, message=LOST)
        ended = {**ended, **dict.fromkeys(lost, ending)}
    return SeenItems(total, ended, completed - facts.places, facts.running)


def _whole(job: Job, facts: ItemFacts, now: datetime) -> Ending | None:
    """Return the end of all items that have none of their own, if there is one."""
    if facts.hopeless is not None:
        return facts.hopeless
    failed = holds(job.status.conditions, "Failed")
    if failed is None:
        return None
    message = f"the Job says: {failed.reason}: {failed.message}"
    return Ending(failed.last_transition_time or now, reason=Reason.POD_DELETED, message=message)


def _over_since(job: Job) -> datetime | None:
    found = holds(job.status.conditions, "Failed") or holds(job.status.conditions, "Complete")
    return found.last_transition_time if found is not None else None


def _going_on(base: Sighting, job: Job, facts: ItemFacts) -> Sighting:
    if job.spec.suspend:  # Its pods are being removed, which is no failure.
        return replace(base, waiting=Reason.SUSPENDED, message=held_words(job))
    stage = Stage.RUNNING if facts.running else Stage.STARTING
    if facts.waiting is None:
        return replace(base, stage=stage)
    index, state = facts.waiting
    words = f"item {index} waits for its pod"
    if stage is Stage.RUNNING:
        return replace(base, stage=stage, message=f"{words}: {state.waiting}: {state.message}")
    return replace(base, waiting=state.waiting, message=f"{words}: {state.message}")
