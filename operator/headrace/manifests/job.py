"""
From an attempt to its Job.

Knows the fields of Jobs and Pods, and the rules of the restricted Pod Security level
(https://kubernetes.io/docs/concepts/security/pod-security-standards/). Knows no API server.
"""

from typing import Any

from headrace.api.v1alpha1 import labels
from headrace.api.v1alpha1.pod import SecurityContext
from headrace.api.v1alpha1.task import TaskBody
from headrace.engine.definition.work import Program
from headrace.engine.task.actions import StartAttempt
from headrace.engine.task.memory import resources_of
from headrace.manifests.arguments import for_kubelet, literal
from headrace.manifests.contract import environment
from headrace.manifests.names import job_name

CONTAINER = "main"
OUTPUTS_PATH = "/dev/termination-log"
TMP = "/tmp"  # noqa: S108 - the pod's own
SCRATCH = "headrace-tmp"
NOBODY = 65532
"""A user without files of its own. The default of most images is root, which the restricted level
refuses."""

Manifest = dict[str, Any]


def job(start: StartAttempt[Program], owner: Manifest) -> Manifest:
    """
    Return the Job of an attempt.

    Args:
        start: The attempt.
        owner: The owner reference of its TaskRun.

    """
    name = job_name(start.context.run, start.context.run_uid, start.task, start.number)
    own_labels = _labels(start)
    annotations = _annotations(start)
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "namespace": start.context.namespace,
            "labels": {**own_labels, **_queue(start)},
            "annotations": annotations,
            "ownerReferences": [owner],
        },
        "spec": {
            **({"suspend": True} if start.context.queue else {}),  # Kueue lets it go
            # One attempt, one pod: the engine makes retries, visible and by policy. Kubernetes
            # replaces pods that the infrastructure removes, and does not count them (KEP-3329).
            "backoffLimit": 0,
            "podReplacementPolicy": "Failed",
            "podFailurePolicy": {
                "rules": [{"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]}]
            },
            "template": {
                "metadata": {
                    "labels": {**start.work.body.pod_labels, **own_labels},
                    "annotations": {**start.work.body.pod_annotations, **_held_slots(start)},
                },
                "spec": _pod(start),
            },
        },
    }


def _labels(start: StartAttempt[Program]) -> dict[str, str]:
    own = {
        labels.MANAGED_BY: labels.HEADRACE,
        labels.PART_OF: labels.HEADRACE,
        labels.RUN: start.context.run,
        labels.TASK: start.task,
        labels.ATTEMPT: str(start.number),
    }
    if start.context.workflow:
        own[labels.WORKFLOW] = start.context.workflow
    if start.share is not None:
        own[labels.POOL] = start.share.pool
    return own


def _queue(start: StartAttempt[Program]) -> dict[str, str]:
    queue = start.context.queue
    return {} if queue is None else {labels.QUEUE: queue}


def _annotations(start: StartAttempt[Program]) -> dict[str, str]:
    own = {labels.MEMORY: start.memory} if start.memory else {}
    return {**own, **_held_slots(start)}


def _held_slots(start: StartAttempt[Program]) -> dict[str, str]:
    """Return how many slots each pod holds, for whoever counts them."""
    return {} if start.share is None else {labels.POOL_SLOTS: str(start.share.each)}


def _pod(start: StartAttempt[Program]) -> Manifest:
    body, timeouts = start.work.body, start.timeouts
    pod = {
        "restartPolicy": "Never",
        "containers": [_container(start)],
        "volumes": _volumes(body),
        "securityContext": _pod_security(body.security_context or SecurityContext()),
        "automountServiceAccountToken": body.service_account_name is not None,
        "enableServiceLinks": False,
        "activeDeadlineSeconds": timeouts.attempt_seconds,
        "terminationGracePeriodSeconds": body.termination_grace_period_seconds,
        "serviceAccountName": body.service_account_name,
        "nodeSelector": dict(body.node_selector),
        "tolerations": list(body.tolerations),
        "affinity": body.affinity,
        "priorityClassName": body.priority_class_name,
        "runtimeClassName": body.runtime_class_name,
        "imagePullSecrets": [{"name": secret.name} for secret in body.image_pull_secrets],
    }
    return {field: value for field, value in pod.items() if value not in (None, [], {})}


def _container(start: StartAttempt[Program]) -> Manifest:
    body = start.work.body
    own = frozenset(variable.name for variable in body.env)
    container = {
        "name": CONTAINER,
        "image": body.image,
        "imagePullPolicy": body.image_pull_policy,
        "workingDir": body.working_dir,
        "command": [for_kubelet(word, own) for word in body.command],
        "args": [for_kubelet(word, own) for word in body.args],
        "env": _env(start),
        "envFrom": list(body.env_from),
        "resources": _resources(start),
        "volumeMounts": _mounts(body),
        "terminationMessagePath": OUTPUTS_PATH,
        "securityContext": _container_security(body.security_context or SecurityContext()),
    }
    return {field: value for field, value in container.items() if value not in (None, [], {})}


def _resources(start: StartAttempt[Program]) -> Manifest:
    resources = resources_of(start.work)
    return {"requests": dict(resources.requests), "limits": dict(resources.limits)}


def _env(start: StartAttempt[Program]) -> list[Manifest]:
    """Build the variables: a home, the task's, the contract's. The last one of a name wins."""
    # Many programs need a writable home.
    home = {"name": "HOME", "value": TMP}
    task = [
        variable.model_dump(by_alias=True, exclude_none=True) for variable in start.work.body.env
    ]
    own = [
        {"name": name, "value": value} for name, value in environment(start, OUTPUTS_PATH).items()
    ]
    return [
        {**variable, "value": literal(variable["value"])} if "value" in variable else variable
        for variable in (home, *task, *own)
    ]


def _volumes(body: TaskBody) -> list[Manifest]:
    own = [] if _has_tmp(body) else [{"name": SCRATCH, "emptyDir": {}}]
    return [*(volume.model_dump(by_alias=True, exclude_none=True) for volume in body.volumes), *own]


def _mounts(body: TaskBody) -> list[Manifest]:
    own = [] if _has_tmp(body) else [{"name": SCRATCH, "mountPath": TMP}]
    mounts = (mount.model_dump(by_alias=True, exclude_none=True) for mount in body.volume_mounts)
    return [*mounts, *own]


def _has_tmp(body: TaskBody) -> bool:
    return any(mount.mount_path.rstrip("/") == TMP for mount in body.volume_mounts)


def _pod_security(context: SecurityContext) -> Manifest:
    security: Manifest = {
        "runAsNonRoot": True,
        "runAsUser": context.run_as_user or NOBODY,
        "runAsGroup": context.run_as_group or NOBODY,
        "fsGroup": context.fs_group or NOBODY,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    if context.supplemental_groups:
        security["supplementalGroups"] = list(context.supplemental_groups)
    return security


def _container_security(context: SecurityContext) -> Manifest:
    read_only = context.read_only_root_filesystem
    return {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True if read_only is None else read_only,
    }
