"""
The state of one Pod: the stage of its main container, its reason to wait, its success.

Knows the fields and words of kubelet, scheduler and runtime. Knows no Job; how a pod failed is
`pod_failures`.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.task.observed import Ending, Sighting, Stage
from headrace.engine.text import LONGEST_WORDS, clip
from headrace.manifests.job import CONTAINER
from headrace.manifests.kube import ConditionView, ContainerState, Pod, Terminated, Waiting, holds

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""The kubelet's start time of a container that never started."""

IMAGE_TROUBLES = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "RegistryUnavailable"}
    | {"ImageInspectError", "SignatureValidationFailed"}
)
INVALID_NAME = "InvalidImageName"
UNREADABLE = "invalid reference format"
"""The runtimes' words for an image name that only they cannot parse."""

CONFIG_TROUBLES = frozenset(
    {"CreateContainerConfigError", "CreateContainerError", "RunContainerError"}
)
POD_REASONS = {
    "DeadlineExceeded": Reason.ATTEMPT_TIMEOUT,
    "Evicted": Reason.EVICTED,
    "NodeLost": Reason.NODE_LOST,
    "Preempting": Reason.PREEMPTED,
    "Terminated": Reason.EVICTED,
    "NodeShutdown": Reason.EVICTED,
}
"""The kubelet's reasons for pods that it ended itself; the last two are for a node that shuts down
(https://kubernetes.io/docs/concepts/cluster-administration/node-shutdown/)."""


def age(pod: Pod) -> tuple[datetime, bool, str]:
    """
    Return the sort key of a Job's pods, oldest first.

    Of pods created within the same second, the lost one is older: the Job created the other for it.
    """
    disrupted = holds(pod.status.conditions, "DisruptionTarget") is not None
    replaced = pod.status.phase == "Failed" and disrupted
    return pod.metadata.creation_timestamp or EPOCH, not replaced, pod.metadata.name


def active(pod: Pod) -> bool:
    """Return whether the pod's program may still run or start."""
    return pod.status.phase not in ("Succeeded", "Failed") and terminated(pod) is None


def state(pod: Pod) -> ContainerState | None:
    """Return the state of the main container; None before the kubelet reports it."""
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
    Return the success of the main container: visible long before that of the pod and the Job.

    A program that the kubelet ended has not succeeded, even with exit code 0: many programs end so
    on SIGTERM. The kubelet's reason arrives no later than the container's end.
    """
    done = terminated(pod)
    if done is not None:
        return done if done.exit_code == 0 and pod.status.reason not in POD_REASONS else None
    return Terminated() if pod.status.phase == "Succeeded" else None


def crowded(pod: Pod) -> bool:
    """
    Return whether other containers than the main one run.

    A native sidecar ends by itself; it is an init container and does not count.
    """
    return any(
        status.name != CONTAINER and status.state.running is not None
        for status in pod.status.container_statuses
    )


def deleted_before(pod: Pod, done: Terminated | None) -> bool:
    """Return whether somebody deleted the pod before its program ended."""
    asked = deletion_asked(pod)
    if asked is None:
        return False
    return done is None or done.finished_at is None or done.finished_at >= asked


def deletion_asked(pod: Pod) -> datetime | None:
    """Return when somebody asked for the pod's deletion, if somebody did."""
    meta = pod.metadata
    if meta.deletion_timestamp is None:
        return None
    return meta.deletion_timestamp - timedelta(seconds=meta.deletion_grace_period_seconds)


def scheduled(pod: Pod) -> datetime | None:
    """Return when the scheduler found a node."""
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
    """Add the state of a pod that has not failed to a sighting."""
    found = state(pod)
    if found is not None and (found.running is not None or found.terminated is not None):
        running = replace(base, stage=Stage.RUNNING, message=_departure(pod))
        disruption = holds(pod.status.conditions, "DisruptionTarget")
        return running if disruption is None else replace(running, lost=loss(pod, disruption))
    held_up = _initialising(base, pod)
    if held_up is not None:
        return held_up
    if found is not None and found.waiting is not None:
        return _container_waits(base, found.waiting, now)
    place = next(
        (condition for condition in pod.status.conditions if condition.type == "PodScheduled"), None
    )
    if place is not None and place.reason == "Unschedulable":
        return replace(
            base, waiting=Reason.UNSCHEDULABLE, message=clip(place.message, LONGEST_WORDS)
        )
    if place is not None and place.reason == "SchedulingGated":
        return replace(base, waiting=Reason.SUSPENDED, message="a scheduling gate holds the pod")
    return base


def _initialising(base: Sighting, pod: Pod) -> Sighting | None:
    """Return the init container that cannot start and keeps the main one waiting."""
    for status in pod.status.init_container_statuses:
        waiting = status.state.waiting
        if waiting is None:
            continue
        for reasons, why in (
            (IMAGE_TROUBLES | {INVALID_NAME}, Reason.IMAGE_PULL_FAILED),
            (CONFIG_TROUBLES, Reason.CONTAINER_CONFIG_ERROR),
        ):
            if waiting.reason in reasons:
                words = f"init container {status.name}: {waiting.message or waiting.reason}"
                return replace(base, waiting=why, message=clip(words, LONGEST_WORDS))
    return None


def loss(pod: Pod, disruption: ConditionView) -> str:
    """Return how a pod was lost that its Job replaces."""
    return f"pod {pod.metadata.name} was lost ({disruption.reason})"


def _departure(pod: Pod) -> str:
    """Return why a running pod will end soon."""
    disruption = holds(pod.status.conditions, "DisruptionTarget")
    if disruption is not None:
        return f"pod {pod.metadata.name} is being removed: {disruption.reason}"
    if pod.metadata.deletion_timestamp is not None and terminated(pod) is None:
        return f"pod {pod.metadata.name} is being removed: somebody deleted it"
    return ""


def _container_waits(base: Sighting, waiting: Waiting, now: datetime) -> Sighting:
    message = clip(waiting.message or waiting.reason, LONGEST_WORDS)
    unreadable = waiting.reason in IMAGE_TROUBLES and UNREADABLE in waiting.message
    if waiting.reason == INVALID_NAME or unreadable:
        ending = Ending(now, reason=Reason.INVALID_IMAGE_NAME, message=message)
        return replace(base, stage=Stage.ENDED, ending=ending)
    if waiting.reason in IMAGE_TROUBLES:
        return replace(base, waiting=Reason.IMAGE_PULL_FAILED, message=message)
    if waiting.reason in CONFIG_TROUBLES:
        return replace(base, waiting=Reason.CONTAINER_CONFIG_ERROR, message=message)
    return base
