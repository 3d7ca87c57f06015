"""
The state of one item, from its pods: a Job may have created more than one.

Knows pods. Knows no Job and no other item.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from headrace.api.v1alpha1 import labels
from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.task.observed import Ending, One, Sighting, Stage
from headrace.manifests import pods as pod_words
from headrace.manifests.kube import Pod, holds
from headrace.manifests.pod_failures import failure

_STARTING: Final = Sighting(0, Stage.STARTING)


@dataclass(frozen=True, slots=True)
class ItemState:
    """How far an item is."""

    ending: Ending | None = None
    running: bool = False
    active: bool = False
    """Whether a pod of it may still run or start."""
    started: datetime | None = None
    """When its program started first."""
    moved: datetime | None = None
    """When its program last started or ended."""
    crowded: datetime | None = None
    """When its program succeeded, if another container of its pod goes on."""
    waiting: Reason | None = None
    """Why its program does not run yet, if its pod knows."""
    message: str = ""
    pod: str = ""
    """The pod that it waits for."""
    hopeless: Ending | None = None
    """Why no pod of the Job can ever start: the image's name is none, for example."""


def index_of(pod: Pod) -> int | None:
    """Return the index of a pod's item; None: it has none."""
    written = pod.metadata.annotations.get(labels.COMPLETION_INDEX, "")
    return int(written) if written.isdecimal() else None


def item_state(pods: Sequence[Pod], *, leaving: bool, over: bool, now: datetime) -> ItemState:
    """
    Return how far an item is.

    Args:
        pods: Its pods, in any order, also deleted ones whose end is known.
        leaving: Its Job is gone, or being deleted.
        over: Its Job creates no more pods.
        now: Replaces times that Kubernetes does not give.

    """
    by_age = sorted(pods, key=pod_words.age) if len(pods) > 1 else pods
    active = any(map(pod_words.active, by_age))
    started = min(filter(None, map(pod_words.started, by_age)), default=None)
    for pod in by_age:
        done = pod_words.succeeded(pod)
        if done is not None and not (leaving and pod_words.deleted_before(pod, done)):
            at = done.finished_at or now
            ending = Ending(at, One(0), output=done.message)
            crowded = at if pod_words.crowded(pod) and not leaving else None
            return ItemState(ending, active=active, started=started, moved=at, crowded=crowded)
    newest = by_age[-1]
    if newest.status.phase == "Failed":
        lost = holds(newest.status.conditions, "DisruptionTarget") is not None
        ending = failure(newest, now)
        if leaving or (lost and not over):  # The Job creates another pod, or nobody knows the end.
            return ItemState(active=active, started=started, moved=ending.at)
        return ItemState(ending, active=active, started=started, moved=ending.at)
    return _going_on(newest, started, active=active, now=now)


def _going_on(pod: Pod, started: datetime | None, *, active: bool, now: datetime) -> ItemState:
    shown = pod_words.fare(_STARTING, pod, now)
    running = pod_words.state(pod)
    if shown.stage is Stage.RUNNING:
        goes_on = running is not None and running.running is not None
        return ItemState(running=goes_on, active=active, started=started, moved=started)
    return ItemState(
        active=active,
        started=started,
        moved=started,
        waiting=shown.waiting,
        message=shown.message,
        pod=pod.metadata.name,
        hopeless=shown.ending,
    )
