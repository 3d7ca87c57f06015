"""
From a Job and its Pods to what the engine knows of an attempt.

Knows the fields by which Kubernetes tells how a pod fares. Decides nothing: the words
are translated, and which kind of failure they are is the engine's to say.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from headrace.api.v1alpha1 import labels
from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.run import Ending, Sighting, Stage
from headrace.manifests.job import CONTAINER
from headrace.manifests.kube import (
    ConditionView,
    ContainerState,
    Job,
    Pod,
    Terminated,
    Waiting,
)

IMAGE_TROUBLES = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "RegistryUnavailable"}
    | {"ImageInspectError", "SignatureValidationFailed"}
)
CONFIG_TROUBLES = frozenset(
    {"CreateContainerConfigError", "CreateContainerError", "RunContainerError"}
)
START_ERRORS = frozenset({"StartError", "ContainerCannotRun"})
DISRUPTIONS = {
    "PreemptionByScheduler": Reason.PREEMPTED,
    "DeletionByTaintManager": Reason.NODE_LOST,
    "DeletionByPodGC": Reason.NODE_LOST,
    "EvictionByEvictionAPI": Reason.EVICTED,
    "TerminationByKubelet": Reason.EVICTED,
}
"""Reasons of the condition DisruptionTarget
(https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions)."""

POD_REASONS = {
    "DeadlineExceeded": Reason.ATTEMPT_TIMEOUT,
    "Evicted": Reason.EVICTED,
    "NodeLost": Reason.NODE_LOST,
    "Preempting": Reason.PREEMPTED,
}
MESSAGE_LENGTH = 900


def attempt_number(job: Job) -> int:
    """
    Return which attempt of its task a Job is.

    Raises:
        ValueError: if somebody has changed the label.

    """
    return int(job.metadata.labels.get(labels.ATTEMPT, ""))


def sight(job: Job, pods: Sequence[Pod], *, gone: bool, now: datetime) -> Sighting:
    """
    Say what a Job and its Pods show of an attempt.

    Args:
        job: The Job as last seen.
        pods: Its Pods, in any order.
        gone: The Job was deleted, and `job` is what it was before.
        now: Stands in for times that Kubernetes does not tell.

    """
    newest = max(pods, key=_age, default=None)
    base = _base(job, newest)
    for pod in sorted(pods, key=_age):
        done = _terminated(pod)
        if done is not None and done.exit_code == 0:
            alive = any(_active(other) for other in pods if other is not pod)
            return _ended(_base(job, pod), done, now, alive=alive)
    if gone or job.metadata.deletion_timestamp is not None:
        running = any(_active(pod) for pod in pods)
        return replace(
            base,
            stage=Stage.GONE,
            alive=running or not gone,
            leaving=True,
            message="the Job was deleted",
        )
    if newest is None:
        return _without_pod(base, job, now)
    return _with_pod(base, job, newest, now)


def _base(job: Job, pod: Pod | None) -> Sighting:
    base = Sighting(
        number=attempt_number(job),
        stage=Stage.STARTING,
        job=job.metadata.name,
        created=job.metadata.creation_timestamp,
        memory=job.metadata.annotations.get(labels.MEMORY),
    )
    if pod is None:
        return base
    done, state = _terminated(pod), _state(pod)
    started = state.running.started_at if state is not None and state.running else None
    scheduled = _condition(pod.status.conditions, "PodScheduled")
    return replace(
        base,
        pod=pod.metadata.name,
        node=pod.spec.node_name or None,
        scheduled=scheduled.last_transition_time
        if scheduled is not None and scheduled.status == "True"
        else None,
        started=done.started_at if done is not None else started,
    )


def _ended(base: Sighting, done: Terminated, now: datetime, *, alive: bool) -> Sighting:
    at = done.finished_at or now
    ending = Ending(at, exit_code=done.exit_code, output=done.message)
    return replace(base, stage=Stage.ENDED, ending=ending, alive=alive)


def _without_pod(base: Sighting, job: Job, now: datetime) -> Sighting:
    failed = _condition(job.status.conditions, "Failed")
    if failed is not None and failed.status == "True":
        ending = Ending(
            failed.last_transition_time or now,
            reason=Reason.POD_DELETED,
            message=f"the pod is gone; the Job says: {failed.message}",
        )
        return replace(base, stage=Stage.ENDED, ending=ending, alive=False)
    complete = _condition(job.status.conditions, "Complete")
    if complete is not None and complete.status == "True":
        # The pod's own words are lost with it, but the Job counted its exit code 0.
        at = complete.last_transition_time or now
        return replace(base, stage=Stage.ENDED, ending=Ending(at, exit_code=0), alive=False)
    if job.spec.suspend:
        return replace(base, waiting=Reason.SUSPENDED, message="somebody suspended the Job")
    return base


def _with_pod(base: Sighting, job: Job, pod: Pod, now: datetime) -> Sighting:
    failed = _condition(job.status.conditions, "Failed")
    over = failed is not None and failed.status == "True"
    if over or (pod.status.phase == "Failed" and _disruption(pod) is None):
        ending = _failure(pod, failed.last_transition_time if failed and over else None, now)
        return replace(base, stage=Stage.ENDED, ending=ending, alive=False)
    disrupted = _disruption(pod)
    if pod.status.phase == "Failed" and disrupted is not None:
        return replace(
            base, message=f"the pod was lost ({disrupted.reason}); the Job makes another"
        )
    if job.spec.suspend:
        return replace(base, waiting=Reason.SUSPENDED, message="somebody suspended the Job")
    state = _state(pod)
    if state is not None and (state.running is not None or state.terminated is not None):
        return replace(base, stage=Stage.RUNNING)
    if state is not None and state.waiting is not None:
        return _container_waits(base, state.waiting, now)
    scheduled = _condition(pod.status.conditions, "PodScheduled")
    if scheduled is not None and scheduled.reason == "Unschedulable":
        return replace(
            base, waiting=Reason.UNSCHEDULABLE, message=scheduled.message[:MESSAGE_LENGTH]
        )
    return base


def _container_waits(base: Sighting, waiting: Waiting, now: datetime) -> Sighting:
    message = (waiting.message or waiting.reason)[:MESSAGE_LENGTH]
    if waiting.reason == "InvalidImageName":
        ending = Ending(now, reason=Reason.INVALID_IMAGE_NAME, message=message)
        return replace(base, stage=Stage.ENDED, ending=ending, alive=True)
    if waiting.reason in IMAGE_TROUBLES:
        return replace(base, waiting=Reason.IMAGE_PULL_FAILED, message=message)
    if waiting.reason in CONFIG_TROUBLES:
        return replace(base, waiting=Reason.CONTAINER_CONFIG_ERROR, message=message)
    return base


def _failure(pod: Pod, job_failed_at: datetime | None, now: datetime) -> Ending:
    done = _terminated(pod)
    at = (done.finished_at if done is not None else None) or job_failed_at or now
    code = done.exit_code if done is not None else None
    reason = _failure_reason(pod, done)
    words = (done.message if done is not None else "") or pod.status.message
    message = words.strip()[:MESSAGE_LENGTH]
    if reason is None and message:
        message = f"ended with exit code {code}: {message}"
    return Ending(at, exit_code=code, reason=reason, message=message)


def _failure_reason(pod: Pod, done: Terminated | None) -> Reason | None:
    """Return why a pod failed, if it is not its exit code."""
    disrupted = _disruption(pod)
    if done is not None and done.reason == "OOMKilled":
        return Reason.OOM_KILLED
    if pod.status.reason in POD_REASONS:
        return POD_REASONS[pod.status.reason]
    if disrupted is not None:
        return DISRUPTIONS.get(disrupted.reason, Reason.EVICTED)
    if pod.metadata.deletion_timestamp is not None:
        return Reason.POD_DELETED
    if done is None:
        # The kubelet would not take the pod (OutOfcpu, NodeAffinity, …): not the task's fault.
        return Reason.EVICTED
    return Reason.START_ERROR if done.reason in START_ERRORS else None


def _age(pod: Pod) -> tuple[datetime, str]:
    created = pod.metadata.creation_timestamp
    assert created is not None  # noqa: S101 - the API server sets it
    return created, pod.metadata.name


def _active(pod: Pod) -> bool:
    return pod.status.phase not in ("Succeeded", "Failed") and _terminated(pod) is None


def _state(pod: Pod) -> ContainerState | None:
    for status in pod.status.container_statuses:
        if status.name == CONTAINER:
            return status.state
    return None


def _terminated(pod: Pod) -> Terminated | None:
    state = _state(pod)
    return state.terminated if state is not None else None


def _disruption(pod: Pod) -> ConditionView | None:
    found = _condition(pod.status.conditions, "DisruptionTarget")
    return found if found is not None and found.status == "True" else None


def _condition(conditions: Iterable[ConditionView], kind: str) -> ConditionView | None:
    return next((each for each in conditions if each.type == kind), None)
