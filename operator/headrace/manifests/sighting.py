"""
From a Job and its Pods to the engine's sighting of an attempt.

Knows which pod counts for an attempt, and reads the Job. `pods` and `pod_failures` read the pod.
Decides nothing: it translates words, and the engine classifies the failure.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from headrace.api.v1alpha1 import labels
from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.task.observed import Ending, One, Sighting, Stage
from headrace.manifests import pods as pod_words
from headrace.manifests.kube import ConditionView, Job, Pod, holds
from headrace.manifests.pod_failures import failure
from headrace.manifests.where import where

HELD = "somebody suspended the Job"
WORDLESS = "the pod was gone before its end was seen, so any outputs are lost"


def attempt_number(job: Job) -> int:
    """
    Return the number of a Job's attempt.

    Raises:
        ValueError: Somebody has changed the label.

    """
    return int(job.metadata.labels.get(labels.ATTEMPT, ""))


def sight(job: Job, pods: Sequence[Pod], *, gone: bool, now: datetime) -> Sighting:
    """
    Return the sighting of an attempt, from its Job and Pods.

    Args:
        job: The Job as last seen.
        pods: Its Pods, in any order.
        gone: The Job was deleted, and `job` is its last state.
        now: Replaces times that Kubernetes does not give.

    """
    by_age = sorted(pods, key=pod_words.age) if len(pods) > 1 else pods
    leaving = gone or job.metadata.deletion_timestamp is not None
    for pod in by_age:
        done = pod_words.succeeded(pod)
        if done is not None and not (leaving and pod_words.deleted_before(pod, done)):
            others = any(pod_words.active(other) for other in pods if other is not pod)
            since = done.finished_at if pod_words.crowded(pod) and not leaving else None
            return replace(
                facts_of(job, pod),
                stage=Stage.ENDED,
                ending=Ending(done.finished_at or now, One(0), output=done.message),
                alive=others,
                leaving=leaving,
                crowded_since=since,
            )
    newest = facts_of(job, by_age[-1], replaced=len(by_age) > 1) if by_age else facts_of(job)
    if leaving:
        alive = any(pod_words.active(pod) for pod in pods)
        return as_gone(newest, alive=alive or not gone)
    if not by_age:
        return _without_pod(newest, job, now)
    return _with_pod(newest, job, by_age[-1], now)


def facts_of(job: Job, pod: Pod | None = None, *, replaced: bool = False) -> Sighting:
    """
    Return the facts of any attempt: names and times.

    A replacement pod waits from its creation.
    """
    meta, waiting_since = job.metadata, _resumed(job)
    number, memory = attempt_number(job), meta.annotations.get(labels.MEMORY)
    made = None if pod is None else pod.metadata.creation_timestamp
    if replaced and made is not None:
        waiting_since = made if waiting_since is None else max(waiting_since, made)
    return Sighting(
        number=number,
        stage=Stage.STARTING,
        where=where(meta.name)
        if pod is None
        else where(meta.name, pod.metadata.name, pod.spec.node_name),
        created=meta.creation_timestamp,
        memory=memory,
        waiting_since=waiting_since,
        instance_created=made,
        scheduled=None if pod is None else pod_words.scheduled(pod),
        started=None if pod is None else pod_words.started(pod),
    )


def _resumed(job: Job) -> datetime | None:
    """Return when somebody resumed a suspended Job."""
    held = _suspension(job)
    return held.last_transition_time if held is not None and held.status == "False" else None


def _suspension(job: Job) -> ConditionView | None:
    """Return what the Job controller says of a Job that somebody suspended, now or before."""
    return next(
        (condition for condition in job.status.conditions if condition.type == "Suspended"), None
    )


def as_gone(base: Sighting, *, alive: bool) -> Sighting:
    """Return the sighting of an attempt whose Job is gone, or being deleted."""
    return replace(base, stage=Stage.GONE, alive=alive, leaving=True, message="the Job was deleted")


def held_words(job: Job) -> str:
    """Return who suspended a Job."""
    queue = job.metadata.labels.get(labels.QUEUE)
    return HELD if queue is None else f"queue {queue} of Kueue has not let the Job go"


def _without_pod(base: Sighting, job: Job, now: datetime) -> Sighting:
    failed = holds(job.status.conditions, "Failed")
    if failed is not None:
        at = failed.last_transition_time or now
        message = f"the pod is gone; the Job says: {failed.reason}: {failed.message}"
        ending = Ending(at, reason=Reason.POD_DELETED, message=message)
        return replace(base, stage=Stage.ENDED, ending=ending, alive=False)
    complete = holds(job.status.conditions, "Complete")
    if complete is not None:
        return _complete(base, complete, now)
    if job.spec.suspend:
        return replace(base, waiting=Reason.SUSPENDED, message=held_words(job))
    return base


def _complete(base: Sighting, complete: ConditionView, now: datetime) -> Sighting:
    """Take the success from the Job if no pod has more details."""
    ending = Ending(complete.last_transition_time or now, One(0), message=WORDLESS)
    return replace(base, stage=Stage.ENDED, ending=ending, alive=False)


def _with_pod(base: Sighting, job: Job, pod: Pod, now: datetime) -> Sighting:
    """Judge by the newest pod."""
    failed = holds(job.status.conditions, "Failed")
    if failed is not None:
        ending = failure(pod, failed.last_transition_time or now)
        alive = pod_words.active(pod)
        return replace(base, stage=Stage.ENDED, ending=ending, alive=alive)
    complete = holds(job.status.conditions, "Complete")
    if complete is not None:
        return _complete(base, complete, now)
    if job.spec.suspend:  # its pods are being removed, which is no failure
        return replace(base, waiting=Reason.SUSPENDED, message=held_words(job))
    if pod.status.phase != "Failed":
        return pod_words.fare(base, pod, now)
    if removed_while_held(job, pod):
        return _without_pod(facts_of(job), job, now)
    return _failed_pod(base, pod, now)


def removed_while_held(job: Job, pod: Pod) -> bool:
    """
    Tell whether a pod was removed because its Job was suspended, and may end only afterwards.

    That is no failure: the Job makes another pod. Where the condition still says True, the Job
    controller has yet to notice that somebody let go.
    """
    asked, held = pod_words.deletion_asked(pod), _suspension(job)
    if asked is None or held is None:
        return False
    let_go = held.last_transition_time if held.status == "False" else None
    return let_go is None or asked <= let_go


def _failed_pod(base: Sighting, pod: Pod, now: datetime) -> Sighting:
    disruption = holds(pod.status.conditions, "DisruptionTarget")
    if disruption is None:
        return replace(base, stage=Stage.ENDED, ending=failure(pod, now), alive=False)
    lost = pod_words.loss(pod, disruption)
    return replace(
        base,
        lost=lost,
        message=f"{lost}; the Job creates another",
        waiting_since=disruption.last_transition_time or now,
    )
