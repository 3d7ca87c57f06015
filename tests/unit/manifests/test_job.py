"""From an attempt to its Job: `headrace.manifests.job`."""

from collections.abc import Iterator
from typing import Any

import pytest

from headrace.api.v1alpha1.pod import (
    EnvVar,
    ImagePullPolicy,
    LocalReference,
    PodSettings,
    Resources,
    SecurityContext,
)
from headrace.api.v1alpha1.task import TaskBody
from headrace.api.v1alpha1.volume import Volume, VolumeMount
from headrace.manifests.job import job
from headrace.manifests.objects import owner
from support.builders import limits, start, task, workflow

Manifest = dict[str, Any]
OWNER = owner("TaskRun", "etl-1-extract", "uid-2")


def made(number: int = 1, memory: str | None = None, **fields: Any) -> Manifest:
    """Return the Job of a task with these fields."""
    defined = workflow(task("extract", **fields)).tasks["extract"]
    return job(start(defined, number, memory), OWNER)


def pod_of(manifest: Manifest) -> Manifest:
    """Return the pod's spec in a Job."""
    spec: Manifest = manifest["spec"]["template"]["spec"]
    return spec


def main_of(manifest: Manifest) -> Manifest:
    """Return the main container in a Job."""
    (container,) = pod_of(manifest)["containers"]
    assert container["name"] == "main"
    return dict(container)


def env_of(manifest: Manifest) -> dict[str, str]:
    """Return the variables with a value; of two of one name the last one wins."""
    return {each["name"]: each.get("value", "") for each in main_of(manifest)["env"]}


# --- the Job ----------------------------------------------------------------------------------


def test_a_job_is_one_attempt_and_replaces_what_the_cluster_takes_away() -> None:
    """Retries are ours; disruptions are the Job controller's, and never overlap (KEP-3329)."""
    spec = made()["spec"]
    assert 0 == spec["backoffLimit"]
    assert "Failed" == spec["podReplacementPolicy"]
    assert [{"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]}] == (
        spec["podFailurePolicy"]["rules"]
    )
    assert "Never" == pod_of(made())["restartPolicy"]


def test_a_job_says_whose_it_is() -> None:
    """Labels on it and on its pod find it again; its TaskRun owns it."""
    manifest = made(number=3)
    want = {
        "app.kubernetes.io/managed-by": "headrace",
        "app.kubernetes.io/part-of": "headrace",
        "headrace.dev/workflow": "etl",
        "headrace.dev/run": "etl-1",
        "headrace.dev/task": "extract",
        "headrace.dev/attempt": "3",
    }
    assert want == manifest["metadata"]["labels"]
    assert want == manifest["spec"]["template"]["metadata"]["labels"]
    (reference,) = manifest["metadata"]["ownerReferences"]
    assert ("TaskRun", "uid-2", True) == (
        *(reference["kind"], reference["uid"], reference["controller"]),
    )
    assert reference["blockOwnerDeletion"] is False


def test_a_task_without_a_workflow_has_no_label_of_one() -> None:
    """That tells a TaskRun on its own from one of a run."""
    manifest = job(start(workflow="", run="hello"), OWNER)
    assert "headrace.dev/workflow" not in manifest["metadata"]["labels"]
    assert "hello" == manifest["metadata"]["labels"]["headrace.dev/run"]


def test_our_labels_cannot_be_replaced() -> None:
    """Else a pod could pass for another run's."""
    manifest = made(pod_labels={"team": "data", "headrace.dev/run": "another"})
    labels = manifest["spec"]["template"]["metadata"]["labels"]
    assert ("data", "etl-1") == (labels["team"], labels["headrace.dev/run"])
    assert "team" not in manifest["metadata"]["labels"]


def test_raised_memory_is_noted_on_the_job_and_given_to_the_container() -> None:
    """The next attempt grows from what this one had."""
    asked = Resources(requests={"memory": "256Mi"}, limits={"memory": "512Mi"})
    manifest = made(2, "768Mi", resources=asked)
    assert {"headrace.dev/memory": "768Mi"} == manifest["metadata"]["annotations"]
    resources = main_of(manifest)["resources"]
    assert ("384Mi", "768Mi") == (resources["requests"]["memory"], resources["limits"]["memory"])


def test_a_task_that_asks_for_nothing_gets_a_little() -> None:
    """Pods have requests and a memory limit."""
    assert {
        "requests": {"cpu": "20m", "memory": "64Mi"},
        "limits": {"memory": "1Gi"},
    } == main_of(made())["resources"]


def test_the_time_of_an_attempt_is_the_clusters_to_enforce() -> None:
    """Also while the controller is down."""
    assert 60 == pod_of(made(timeouts=limits(attempt=60)))["activeDeadlineSeconds"]
    assert "activeDeadlineSeconds" not in pod_of(made())


def test_what_a_task_leaves_open_is_the_clusters_to_choose() -> None:
    """Policies of a cluster may set defaults of their own."""
    assert "terminationGracePeriodSeconds" not in pod_of(made())
    assert {"imagePullPolicy", "workingDir"}.isdisjoint(main_of(made()))


# --- security ---------------------------------------------------------------------------------

HARDENED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
}


def test_a_pod_is_fit_for_the_restricted_level() -> None:
    """
    Each field that Pod Security checks at the level *restricted* is as it must be.

    See https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted.
    """
    pod, container = pod_of(made()), main_of(made())
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] > 0
    assert {"type": "RuntimeDefault"} == pod["securityContext"]["seccompProfile"]
    assert HARDENED == container["securityContext"]
    assert {"hostNetwork", "hostPID", "hostIPC", "initContainers"}.isdisjoint(pod)
    assert "ports" not in container
    assert [{"name": "headrace-tmp", "emptyDir": {}}] == pod["volumes"]


def test_a_pod_has_no_token_unless_it_has_an_identity() -> None:
    """The API server is none of a task's business."""
    assert pod_of(made())["automountServiceAccountToken"] is False
    assert pod_of(made())["enableServiceLinks"] is False
    with_identity = pod_of(made(service_account_name="loader"))
    assert with_identity["automountServiceAccountToken"] is True
    assert "loader" == with_identity["serviceAccountName"]


def test_a_users_security_context_is_never_weaker() -> None:
    """It chooses who the process is, and whether the image's files may be written to."""
    own = SecurityContext(
        run_as_user=1000,
        run_as_group=1001,
        fs_group=1002,
        supplemental_groups=(7,),
        read_only_root_filesystem=False,
    )
    manifest = made(security_context=own)
    assert {
        "runAsNonRoot": True,
        "runAsUser": 1000,
        "runAsGroup": 1001,
        "fsGroup": 1002,
        "fsGroupChangePolicy": "OnRootMismatch",
        "supplementalGroups": [7],
        "seccompProfile": {"type": "RuntimeDefault"},
    } == pod_of(manifest)["securityContext"]
    assert {**HARDENED, "readOnlyRootFilesystem": False} == main_of(manifest)["securityContext"]


# --- what a user may shape: the allow-list ----------------------------------------------------

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
MARKS: dict[str, Any] = {
    "env": (EnvVar(name="MARK", value="env-mark"),),
    "env_from": ({"configMapRef": {"name": "env-from-mark"}},),
    "resources": Resources(limits={"memory": "77Mi"}),
    "volumes": (Volume(name="volume-mark", empty_dir={}),),
    "volume_mounts": (VolumeMount(name="volume-mark", mount_path="/mount-mark"),),
    "service_account_name": "account-mark",
    "node_selector": {"selector-mark": "x"},
    "tolerations": ({"key": "toleration-mark"},),
    "affinity": {"podAffinity": {REQUIRED: [{"topologyKey": "affinity-mark"}]}},
    "priority_class_name": "priority-mark",
    "runtime_class_name": "runtime-mark",
    "image_pull_policy": ImagePullPolicy.ALWAYS,
    "image_pull_secrets": (LocalReference(name="pull-mark"),),
    "working_dir": "/folder-mark",
    "termination_grace_period_seconds": 577,
    "pod_labels": {"label-mark": "x"},
    "pod_annotations": {"annotation-mark": "x"},
    "security_context": SecurityContext(run_as_user=777),
}
PLACES = {
    "env": "spec.containers[].env[].value",
    "env_from": "spec.containers[].envFrom[].configMapRef.name",
    "resources": "spec.containers[].resources.limits.memory",
    "volumes": "spec.volumes[].name",
    "volume_mounts": "spec.containers[].volumeMounts[].mountPath",
    "service_account_name": "spec.serviceAccountName",
    "node_selector": "spec.nodeSelector",
    "tolerations": "spec.tolerations[].key",
    "affinity": f"spec.affinity.podAffinity.{REQUIRED}[].topologyKey",
    "priority_class_name": "spec.priorityClassName",
    "runtime_class_name": "spec.runtimeClassName",
    "image_pull_policy": "spec.containers[].imagePullPolicy",
    "image_pull_secrets": "spec.imagePullSecrets[].name",
    "working_dir": "spec.containers[].workingDir",
    "termination_grace_period_seconds": "spec.terminationGracePeriodSeconds",
    "pod_labels": "metadata.labels",
    "pod_annotations": "metadata.annotations",
    "security_context": "spec.securityContext.runAsUser",
}
"""Where each field that a user may set arrives in the pod."""


def walk(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Yield each key and each value of a manifest with its path."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield path, key
            yield from walk(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner, f"{path}[]")
    else:
        yield path, value


def mark(field: str) -> object:
    """Return the word, or number, that shows where a field went."""
    return {
        "env": "env-mark",
        "env_from": "env-from-mark",
        "resources": "77Mi",
        "volumes": "volume-mark",
        "volume_mounts": "/mount-mark",
        "service_account_name": "account-mark",
        "node_selector": "selector-mark",
        "tolerations": "toleration-mark",
        "affinity": "affinity-mark",
        "priority_class_name": "priority-mark",
        "runtime_class_name": "runtime-mark",
        "image_pull_policy": "Always",
        "image_pull_secrets": "pull-mark",
        "working_dir": "/folder-mark",
        "termination_grace_period_seconds": 577,
        "pod_labels": "label-mark",
        "pod_annotations": "annotation-mark",
        "security_context": 777,
    }[field]


def test_every_field_of_the_schema_is_on_the_list() -> None:
    """A new field of the API is denied until somebody says here where it arrives."""
    assert PodSettings.model_fields.keys() == MARKS.keys() == PLACES.keys()
    assert TaskBody.model_fields.keys() - MARKS.keys() == {
        *("image", "retry", "timeouts", "command", "args", "outputs"),
        *("pool", "pool_slots", "priority"),
    }


def test_a_job_in_a_pool_says_so_and_so_do_its_pods() -> None:
    """Slots are counted from both: a pod may outlive its Job."""
    made = job(start(workflow(task("a", pool="db", pool_slots=3)).tasks["a"]), {})
    for meta in (made["metadata"], made["spec"]["template"]["metadata"]):
        assert "db" == meta["labels"]["headrace.dev/pool"]
        assert "3" == meta["annotations"]["headrace.dev/pool-slots"]


def test_a_job_of_a_queue_waits_for_kueue() -> None:
    """It is suspended from its creation, and its pods do not carry the label."""
    made = job(start(queue="team-a"), {})
    assert "team-a" == made["metadata"]["labels"]["kueue.x-k8s.io/queue-name"]
    assert made["spec"]["suspend"] is True
    assert "kueue.x-k8s.io/queue-name" not in made["spec"]["template"]["metadata"]["labels"]


def test_a_job_without_pool_and_queue_knows_of_neither() -> None:
    """Most tasks wait for nothing."""
    made = job(start(), {})
    assert "suspend" not in made["spec"]
    assert {} == made["metadata"]["annotations"]


@pytest.mark.parametrize("field", sorted(PLACES))
def test_a_users_field_arrives_in_one_place(field: str) -> None:
    """And nowhere else; what it says is passed on as it is."""
    more = {"volumes": MARKS["volumes"]} if field == "volume_mounts" else {}
    template = made(**{field: MARKS[field], **more})["spec"]["template"]
    found = {path for path, value in walk(template) if value == mark(field)}
    assert {PLACES[field]} == found


def test_no_pod_has_a_field_that_is_not_known() -> None:
    """With everything set, a pod has these fields and no others."""
    manifest = made(command=("a",), args=("b",), timeouts=limits(attempt=1), **MARKS)
    assert pod_of(manifest).keys() == {
        *("restartPolicy", "containers", "volumes", "securityContext", "enableServiceLinks"),
        *("automountServiceAccountToken", "activeDeadlineSeconds", "serviceAccountName"),
        *("nodeSelector", "tolerations", "affinity", "priorityClassName", "runtimeClassName"),
        *("imagePullSecrets", "terminationGracePeriodSeconds"),
    }
    assert main_of(manifest).keys() == {
        *("name", "image", "command", "args", "env", "envFrom", "resources", "volumeMounts"),
        *("terminationMessagePath", "securityContext", "imagePullPolicy", "workingDir"),
    }


def test_scratch_space_gives_way_to_a_users_own() -> None:
    """Two mounts at one path are refused by the API server."""
    own: dict[str, Any] = {
        "volumes": (Volume(name="big", empty_dir={"sizeLimit": "10Gi"}),),
        "volume_mounts": (VolumeMount(name="big", mount_path="/tmp/"),),  # noqa: S108 - in the pod
    }
    manifest = made(**own)
    assert [{"name": "big", "emptyDir": {"sizeLimit": "10Gi"}}] == pod_of(manifest)["volumes"]
    assert ["/tmp/"] == [each["mountPath"] for each in main_of(manifest)["volumeMounts"]]  # noqa: S108 - in the pod
