"""
The settings of a task's pod that a user may choose: an allow-list.

A field that is not here cannot be set. Parts that Kubernetes itself defines (affinity, volume
sources) stay as written, if they have the shape that Kubernetes defines.
"""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, field_validator, model_validator
from pydantic_core import PydanticCustomError

from headrace.api.checks.keys import Keys
from headrace.api.checks.pod_shape import Shape
from headrace.api.checks.quantities import unrunnable
from headrace.api.checks.unique import Unique
from headrace.api.v1alpha1.base import (
    ApiType,
    KubernetesObject,
    NoNul,
    ObjectName,
    ProgramText,
    Quantity,
)
from headrace.api.v1alpha1.enums import ApiEnum
from headrace.api.v1alpha1.volume import Volume, VolumeMount

EnvName = Annotated[
    str, StringConstraints(min_length=1, max_length=253, pattern=r"^[-._a-zA-Z][-._a-zA-Z0-9]*$")
]
LabelValue = Annotated[
    str, StringConstraints(max_length=63, pattern=r"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$")
]
Folder = Annotated[str, StringConstraints(min_length=1, max_length=1024, pattern=r"^/"), NoNul]

RESERVED_ENV = "HEADRACE_"
"""The prefix of the variables that Headrace itself sets."""

LONGEST_GRACE = 600
"""Ten minutes. Whatever waits for a task's end waits for its program too: downstream tasks,
`finally` tasks, the next run. Nobody can shorten the time once it runs: the kubelet does not listen
(kubernetes/kubernetes#83916). The cluster autoscaler gives a pod no more by default. A grace of 0
would be worse: Kubernetes then forgets a pod whose program still runs, and others would start
beside it."""


class EnvVar(ApiType):
    """One environment variable of the task's container."""

    name: EnvName
    """name of the variable. Names that start with HEADRACE_ are reserved for Headrace."""

    value: ProgramText | None = None
    """value is the text of the variable. `${{ }}` in it holds an expression in CEL, evaluated once
    before the first attempt. All else stays as written, `$(NAME)` too, and the result is not read
    again."""

    value_from: Annotated[KubernetesObject, Shape("EnvVarSource")] | None = None
    """valueFrom takes the value from a Secret, a ConfigMap or the pod's own fields,
    as in a pod (secretKeyRef, configMapKeyRef, fieldRef, resourceFieldRef)."""

    @field_validator("name")
    @classmethod
    def _is_not_reserved(cls, name: str) -> str:
        if name.startswith(RESERVED_ENV):
            raise ValueError(
                f"names that start with {RESERVED_ENV} are reserved for Headrace; choose another"
            )
        return name

    @model_validator(mode="after")
    def _has_one_value(self) -> Self:
        if self.value is not None and self.value_from is not None:
            raise ValueError("give value or valueFrom, not both")
        return self


class Resources(ApiType):
    """The resources that the task's container requests, and their limits."""

    requests: dict[str, Quantity] = Field(default_factory=dict, max_length=16)
    """requests is the amount that the scheduler reserves for the container: cpu, memory, …"""

    limits: dict[str, Quantity] = Field(default_factory=dict, max_length=16)
    """limits is the most that the container may use. With more memory, it ends as OOMKilled."""

    @model_validator(mode="after")
    def _can_run(self) -> Self:
        for within, message in unrunnable(self.requests, self.limits):
            raise PydanticCustomError(
                "resources", "{message}", {"message": message, "within": within}
            )
        return self


CONFINEMENT = (".security.alpha.kubernetes.io", ".security.beta.kubernetes.io")
"""The endings of annotation domains that weaken a container's confinement, AppArmor's for
example."""


GroupId = Annotated[int, Field(ge=1, le=2_147_483_647)]


class SecurityContext(ApiType):
    """
    The user, the groups and the root file system of the container.

    No setting can be weaker than the restricted Pod Security level.
    """

    run_as_user: int | None = Field(default=None, ge=1, le=2_147_483_647)
    """runAsUser is the user id of the process. Default 65532. Never 0."""

    run_as_group: int | None = Field(default=None, ge=1, le=2_147_483_647)
    """runAsGroup is the group id of the process. Default 65532."""

    fs_group: int | None = Field(default=None, ge=1, le=2_147_483_647)
    """fsGroup is the group that owns mounted volumes. Default 65532."""

    supplemental_groups: tuple[GroupId, ...] = Field(default=(), max_length=32)
    """supplementalGroups are further groups of the process."""

    read_only_root_filesystem: bool | None = None
    """readOnlyRootFilesystem keeps the container from changing the image's files. Default true.
    /tmp is always writable."""


class LocalReference(ApiType):
    """The name of an object in the same namespace."""

    name: ObjectName
    """name of the object."""


class ImagePullPolicy(ApiEnum):
    """When a node pulls an image."""

    ALWAYS = "Always"
    """For each attempt. Layers that the node has already are not sent again."""

    IF_NOT_PRESENT = "IfNotPresent"
    """If the node does not have the image."""

    NEVER = "Never"
    """Never. The node must have the image."""


class PodSettings(ApiType):
    """The settings of the pod that a user may choose."""

    env: Annotated[tuple[EnvVar, ...], Unique("name")] = Field(default=(), max_length=200)
    """env are environment variables of the container. `$(NAME)` in command and args stands for the
    value of one."""

    env_from: tuple[Annotated[KubernetesObject, Shape("EnvFromSource")], ...] = Field(
        default=(), max_length=50
    )
    """envFrom takes all keys of a ConfigMap or Secret as environment variables."""

    resources: Resources | None = None
    """resources are the container's requests and limits. Default: requests of 20m CPU and 64Mi
    memory, a memory limit of 1Gi."""

    volumes: Annotated[tuple[Volume, ...], Unique("name")] = Field(default=(), max_length=50)
    """volumes of the pod."""

    volume_mounts: Annotated[tuple[VolumeMount, ...], Unique("mount_path")] = Field(
        default=(), max_length=50
    )
    """volumeMounts say where volumes appear in the container."""

    service_account_name: ObjectName | None = None
    """serviceAccountName is the identity of the pod towards the API server. The ServiceAccount must
    carry the label headrace.dev/allow-workflows: "true". By default, the pod has no token."""

    node_selector: Annotated[dict[str, LabelValue], Keys()] = Field(
        default_factory=dict, max_length=32
    )
    """nodeSelector limits the nodes to those with these labels."""

    tolerations: tuple[Annotated[KubernetesObject, Shape("Toleration")], ...] = Field(
        default=(), max_length=32
    )
    """tolerations let the pod run on nodes with these taints."""

    affinity: Annotated[KubernetesObject, Shape("Affinity")] | None = None
    """affinity prefers or requires nodes and neighbours, as in a pod."""

    priority_class_name: ObjectName | None = None
    """priorityClassName says how important the pod is to the scheduler."""

    runtime_class_name: ObjectName | None = None
    """runtimeClassName chooses the container runtime."""

    image_pull_policy: ImagePullPolicy | None = None
    """imagePullPolicy says when a node pulls the image: Always, IfNotPresent or Never. Default:
    Always for an image with the tag latest or none, else IfNotPresent."""

    image_pull_secrets: Annotated[tuple[LocalReference, ...], Unique("name")] = Field(
        default=(), max_length=16
    )
    """imagePullSecrets are Secrets with credentials for the image's registry."""

    working_dir: Folder | None = None
    """workingDir is the folder that the program starts in, an absolute path. Default: the folder
    that the image names."""

    termination_grace_period_seconds: int | None = Field(default=None, ge=1, le=LONGEST_GRACE)
    """terminationGracePeriodSeconds is the time from SIGTERM to SIGKILL when an attempt is ended:
    by Cancel, by a time limit, by the drain of its node. Default 30. Whatever waits for the end of
    the task waits this long too, hence at most ten minutes."""

    pod_labels: Annotated[dict[str, LabelValue], Keys()] = Field(
        default_factory=dict, max_length=32
    )
    """podLabels are further labels of the pod. They cannot replace Headrace's own labels."""

    pod_annotations: Annotated[
        dict[str, Annotated[str, StringConstraints(max_length=32_768)]], Keys()
    ] = Field(default_factory=dict, max_length=32)
    """podAnnotations are further annotations of the pod. An annotation that weakens the container's
    confinement is refused, like container.apparmor.security.beta.kubernetes.io/main."""

    security_context: SecurityContext | None = None
    """securityContext sets the user and the groups of the container."""

    @field_validator("pod_annotations")
    @classmethod
    def _confines_no_less(cls, annotations: dict[str, str]) -> dict[str, str]:
        for key in annotations:
            domain = f".{key.partition('/')[0].strip().lower()}"
            if domain.endswith(CONFINEMENT):
                raise ValueError(
                    f"{key} would weaken the container's confinement; remove it: tasks have the"
                    " runtime's default profiles"
                )
        return annotations
