"""
From a failed Pod to a published reason and a message.

Knows the words of kubelet, scheduler and runtime. Knows no Job, and no retries.
"""

from datetime import datetime

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.task.classify import exit_words
from headrace.engine.task.observed import Ending, One
from headrace.engine.text import LONGEST_WORDS, clip
from headrace.manifests.kube import ContainerStatus, Pod, Terminated, holds
from headrace.manifests.pods import POD_REASONS, deleted_before, terminated

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

NODE_REFUSALS = frozenset(
    {"NodeAffinity", "NodeName", "NodePorts", "TaintToleration", "InvalidNodeInfo"}
    | {"UnexpectedAdmissionError", "TopologyAffinityError", "SMTAlignmentError"}
    | {"VolumeAttachmentLimitExceeded"}
)
"""The kubelet's reasons for pods without room on its node, besides `OutOfcpu` and the like
(`pkg/kubelet/lifecycle/predicate.go` and the managers of CPU and devices). Another node may take
them."""
OUT_OF = "OutOf"
PLAIN = {
    Reason.OOM_KILLED: "the container used more memory than its limit",
    Reason.POD_DELETED: "somebody deleted the pod",
}
"""Messages for ends without a message of Kubernetes."""

UNEXPLAINED = "the pod failed before its container ran, and Kubernetes does not say why"

HINTS = {
    137: " (SIGKILL, which is also how the kernel ends it when memory runs out)",
    143: " (SIGTERM)",
}
"""The usual meanings of exit codes."""


def failure(pod: Pod, otherwise: datetime) -> Ending:
    """Return how a pod failed; `otherwise` replaces a missing time."""
    done = terminated(pod)
    at = (done.finished_at if done is not None else None) or otherwise
    code = done.exit_code if done is not None else None
    reason = _reason(pod, done)
    return Ending(at, One(code), reason=reason, message=_failure_words(pod, done, reason))


def _failure_words(pod: Pod, done: Terminated | None, reason: Reason | None) -> str:
    """Return the message of a failure: from the program, or from who ended it."""
    own = done.message.strip() if done is not None else ""
    if reason is None:
        code = done.exit_code if done is not None else 0
        return exit_words(code, HINTS.get(code, ""), own)
    init = _failed_init(pod)
    if reason is Reason.START_ERROR and (own or init):
        return clip(own or _init_words(init), LONGEST_WORDS)
    disruption = holds(pod.status.conditions, "DisruptionTarget")
    words = (
        PLAIN.get(reason, ""),
        pod.status.message,
        disruption.message if disruption is not None else "",
        pod.status.reason,
    )
    return clip(next(filter(None, words), UNEXPLAINED), LONGEST_WORDS)


def _reason(pod: Pod, done: Terminated | None) -> Reason | None:
    """Return the reason of a failed pod, if it is not the exit code."""
    if done is not None and done.reason == "OOMKilled":
        return Reason.OOM_KILLED
    if pod.status.reason in POD_REASONS:
        return POD_REASONS[pod.status.reason]
    disruption = holds(pod.status.conditions, "DisruptionTarget")
    if disruption is not None:
        return DISRUPTIONS.get(disruption.reason, Reason.EVICTED)
    init = _failed_init(pod)
    if deleted_before(pod, done or (init.state.terminated if init is not None else None)):
        return Reason.POD_DELETED
    if done is None:
        refused = pod.status.reason in NODE_REFUSALS or pod.status.reason.startswith(OUT_OF)
        return Reason.EVICTED if refused else Reason.START_ERROR
    return Reason.START_ERROR if done.reason in START_ERRORS else None


def _failed_init(pod: Pod) -> ContainerStatus | None:
    """Return the init container that kept the main container from starting, if one did."""
    if terminated(pod) is not None:
        return None
    for status in pod.status.init_container_statuses:
        done = status.state.terminated
        if done is not None and done.exit_code != 0:
            return status
    return None


def _init_words(status: ContainerStatus | None) -> str:
    done = status.state.terminated if status is not None else None
    if status is None or done is None:
        return ""
    if done.reason == "OOMKilled":
        return f"init container {status.name} used more memory than its limit"
    words = exit_words(done.exit_code, HINTS.get(done.exit_code, ""), done.message)
    return f"init container {status.name} {words}"
