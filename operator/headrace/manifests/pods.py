"""
What one Pod says: how far its main container is, why it waits, how it ended.

Knows the fields and words of kubelet, scheduler and runtime. Knows no Job.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.task.classify import exit_words
from headrace.engine.task.observed import Ending, Sighting, Stage
from headrace.engine.text import LONGEST_WORDS, clip
from headrace.manifests.job import CONTAINER
from headrace.manifests.kube import ContainerState, Pod, Terminated, Waiting, holds

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""What the kubelet writes for the start of a container that never started."""

IMAGE_TROUBLES = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "RegistryUnavailable"}
    | {"ImageInspectError", "SignatureValidationFailed"}
)
UNREADABLE = "invalid reference format"
"""What runtimes say of an image's name that only they cannot read."""

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
    "Terminated": Reason.EVICTED,
    "NodeShutdown": Reason.EVICTED,
}
"""What the kubelet says of pods that it ended itself, the last two when its node shuts down
(https://kubernetes.io/docs/concepts/cluster-administration/node-shutdown/)."""
PLAIN = {
    Reason.OOM_KILLED: "the container used more memory than its limit",
    Reason.POD_DELETED: "somebody deleted the pod",
}
"""What is said of ends that Kubernetes has no words for."""

HINTS = {
    137: " (SIGKILL, which is also how the kernel ends it when memory runs out)",
    143: " (SIGTERM)",
}
"""What an exit code usually means."""


def age(pod: Pod) -> tuple[datetime, str]:
    """Return what sorts the pods of a Job, oldest first."""
    return pod.metadata.creation_timestamp or EPOCH, pod.metadata.name


def active(pod: Pod) -> bool:
    """Tell whether the pod's program may still run, or start to."""
    return pod.status.phase not in ("Succeeded", "Failed") and terminated(pod) is None


def state(pod: Pod) -> ContainerState | None:
    """Return how the main container is; None before the kubelet has told."""
    for status in pod.status.container_statuses:
        if status.name == CONTAINER:
            return status.state
    return None


def terminated(pod: Pod) -> Terminated | None:
    """Return how the main container ended, if it did."""
    found = state(pod)
    return found.terminated if found is not None else None


def succeeded(pod: Pod) -> Terminated | None:
    """
    Return the main container's good end: visible long before the pod's, and the Job's.

    A program that the kubelet cut off has not succeeded, even if it says so with exit code 0: many
    do that on SIGTERM. The kubelet's reason comes no later than the container's end.
    """
    done = terminated(pod)
    if done is not None:
        return done if done.exit_code == 0 and pod.status.reason not in POD_REASONS else None
    return Terminated() if pod.status.phase == "Succeeded" else None


def deleted_before(pod: Pod, done: Terminated | None) -> bool:
    """Tell whether somebody asked for the pod's deletion before its program ended."""
    meta = pod.metadata
    if meta.deletion_timestamp is None:
        return False
    if done is None or done.finished_at is None:
        return True
    asked = meta.deletion_timestamp - timedelta(seconds=meta.deletion_grace_period_seconds)
    return done.finished_at >= asked


def scheduled(pod: Pod) -> datetime | None:
    """Return when a node was found."""
    found = holds(pod.status.conditions, "PodScheduled")
    return found.last_transition_time if found is not None else None


def started(pod: Pod) -> datetime | None:
    """Return when the main container's program started."""
    found = state(pod)
    if found is None:
        return None
    at = None
    if found.running is not None:
        at = found.running.started_at
    elif found.terminated is not None:
        at = found.terminated.started_at
    return at if at is not None and at > EPOCH else None


def fare(base: Sighting, pod: Pod, now: datetime) -> Sighting:
    """Add to a sighting how a pod is that has not failed."""
    found = state(pod)
    if found is not None and (found.running is not None or found.terminated is not None):
        return replace(base, stage=Stage.RUNNING, message=_departure(pod))
    if found is not None and found.waiting is not None:
        return _container_waits(base, found.waiting, now)
    place = next((each for each in pod.status.conditions if each.type == "PodScheduled"), None)
    if place is not None and place.reason == "Unschedulable":
        return replace(
            base, waiting=Reason.UNSCHEDULABLE, message=clip(place.message, LONGEST_WORDS)
        )
    if place is not None and place.reason == "SchedulingGated":
        return replace(base, waiting=Reason.SUSPENDED, message="a scheduling gate holds the pod")
    return base


def failure(pod: Pod, otherwise: datetime) -> Ending:
    """Say how a pod failed; `otherwise` stands in for a time that is not told."""
    done = terminated(pod)
    at = (done.finished_at if done is not None else None) or otherwise
    code = done.exit_code if done is not None else None
    reason = _reason(pod, done)
    return Ending(at, exit_code=code, reason=reason, message=_failure_words(pod, done, reason))


def _failure_words(pod: Pod, done: Terminated | None, reason: Reason | None) -> str:
    """Say what is known of a failure: the program's words, or those of who ended it."""
    own = done.message.strip() if done is not None else ""
    if reason is None:
        code = done.exit_code if done is not None else 0
        return exit_words(code, HINTS.get(code, ""), own)
    if reason is Reason.START_ERROR:
        return clip(own, LONGEST_WORDS)
    disruption = holds(pod.status.conditions, "DisruptionTarget")
    words = (
        PLAIN.get(reason, ""),
        pod.status.message,
        disruption.message if disruption is not None else "",
        pod.status.reason,
    )
    return clip(next(filter(None, words), ""), LONGEST_WORDS)


def _departure(pod: Pod) -> str:
    """Say why a pod that runs will not for long."""
    disruption = holds(pod.status.conditions, "DisruptionTarget")
    if disruption is not None:
        return f"pod {pod.metadata.name} is being removed: {disruption.reason}"
    if pod.metadata.deletion_timestamp is not None and terminated(pod) is None:
        return f"pod {pod.metadata.name} is being removed: somebody deleted it"
    return ""


def _container_waits(base: Sighting, waiting: Waiting, now: datetime) -> Sighting:
    message = clip(waiting.message or waiting.reason, LONGEST_WORDS)
    unreadable = waiting.reason in IMAGE_TROUBLES and UNREADABLE in waiting.message
    if waiting.reason == "InvalidImageName" or unreadable:
        ending = Ending(now, reason=Reason.INVALID_IMAGE_NAME, message=message)
        return replace(base, stage=Stage.ENDED, ending=ending)
    if waiting.reason in IMAGE_TROUBLES:
        return replace(base, waiting=Reason.IMAGE_PULL_FAILED, message=message)
    if waiting.reason in CONFIG_TROUBLES:
        return replace(base, waiting=Reason.CONTAINER_CONFIG_ERROR, message=message)
    return base


def _reason(pod: Pod, done: Terminated | None) -> Reason | None:
    """Return why a pod failed, if it is not its exit code."""
    if done is not None and done.reason == "OOMKilled":
        return Reason.OOM_KILLED
    if pod.status.reason in POD_REASONS:
        return POD_REASONS[pod.status.reason]
    disruption = holds(pod.status.conditions, "DisruptionTarget")
    if disruption is not None:
        return DISRUPTIONS.get(disruption.reason, Reason.EVICTED)
    if deleted_before(pod, done):
        return Reason.POD_DELETED
    if done is None:
        # The kubelet would not take the pod (OutOfcpu, NodeAffinity, …): not the task's fault.
        return Reason.EVICTED
    return Reason.START_ERROR if done.reason in START_ERRORS else None
