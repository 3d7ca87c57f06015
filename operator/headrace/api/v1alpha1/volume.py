"""Volumes of a task's pod, and where they appear in its container."""

from typing import Annotated, Any, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from headrace.api.checks.pod_shape import Shape
from headrace.api.v1alpha1.base import ApiType, KubernetesObject, NoNul

PROJECTED_SOURCES = (
    "configMap",
    "secret",
    "downwardAPI",
    "serviceAccountToken",
    "clusterTrustBundle",
)
"""The sources that a projected volume may have. A source that a later Kubernetes adds is refused
until somebody has reviewed it. `podCertificate`, for example, gives a pod an identity that does not
need a ServiceAccount with the label `headrace.dev/allow-workflows`."""


class Volume(ApiType):
    """A volume of the pod, of a kind that the restricted Pod Security level allows."""

    name: Annotated[
        str,
        StringConstraints(min_length=1, max_length=63, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"),
    ]
    """name by which volumeMounts refer to the volume."""

    config_map: Annotated[KubernetesObject, Shape("ConfigMapVolumeSource")] | None = None
    """configMap mounts a ConfigMap."""

    secret: Annotated[KubernetesObject, Shape("SecretVolumeSource")] | None = None
    """secret mounts a Secret."""

    empty_dir: Annotated[KubernetesObject, Shape("EmptyDirVolumeSource")] | None = None
    """emptyDir is scratch space that is deleted with the pod."""

    persistent_volume_claim: (
        Annotated[KubernetesObject, Shape("PersistentVolumeClaimVolumeSource")] | None
    ) = None
    """persistentVolumeClaim mounts storage that outlives the pod."""

    projected: Annotated[KubernetesObject, Shape("ProjectedVolumeSource")] | None = None
    """projected puts several sources into one folder: configMap, secret, downwardAPI,
    serviceAccountToken and clusterTrustBundle."""

    downward_api: Annotated[KubernetesObject, Shape("DownwardAPIVolumeSource")] | None = Field(
        default=None, alias="downwardAPI"
    )
    """downwardAPI shows the pod's own fields as files."""

    csi: Annotated[KubernetesObject, Shape("CSIVolumeSource")] | None = None
    """csi mounts a volume of a storage driver."""

    ephemeral: Annotated[KubernetesObject, Shape("EphemeralVolumeSource")] | None = None
    """ephemeral is a claim that is created and deleted with the pod."""

    image: Annotated[KubernetesObject, Shape("ImageVolumeSource")] | None = None
    """image mounts the files of an image."""

    @field_validator("projected", mode="before")
    @classmethod
    def _projects_what_is_known(cls, projected: Any) -> Any:
        sources = (projected.get("sources") if isinstance(projected, dict) else None) or ()
        if not isinstance(sources, (list, tuple)) or not all(isinstance(s, dict) for s in sources):
            raise ValueError("sources must be a list of objects, like - secret: {name: login}")
        for source in sources:
            unknown = sorted(set(source) - set(PROJECTED_SOURCES))
            if unknown:
                raise ValueError(
                    f"{unknown[0]!r} cannot be projected; use {', '.join(PROJECTED_SOURCES[:-1])}"
                    f" or {PROJECTED_SOURCES[-1]}"
                )
        return projected

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        sources = [name for name in type(self).model_fields if name != "name"]
        if sum(getattr(self, source) is not None for source in sources) != 1:
            written = [type(self).model_fields[source].alias or source for source in sources]
            raise ValueError(
                f"a volume has exactly one source: {', '.join(written[:-1])} or {written[-1]}"
            )
        return self


class VolumeMount(ApiType):
    """Where a volume appears in the container."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=63)]
    """name of the volume."""

    mount_path: Annotated[str, StringConstraints(min_length=1, max_length=1024), NoNul]
    """mountPath is the folder in the container."""

    sub_path: Annotated[str, StringConstraints(max_length=1024), NoNul] | None = None
    """subPath mounts only this path of the volume."""

    read_only: bool | None = None
    """readOnly keeps the container from writing there."""
