"""
What the plumbing needs to know of any object: its metadata.

A projection is a msgspec struct with the few fields that a reader wants of a kind. All other fields
are dropped while decoding, which makes watching cheap in time and memory.
Does not know any kind: each reader brings its own projections.
"""

from datetime import datetime
from typing import Protocol, TypeVar

import msgspec

from headrace.kube.nesting import decode


class View(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Base of the views: immutable, camelCase, missing fields have defaults."""


class OwnerReference(View, frozen=True, gc=False):
    """Whom an object belongs to; it is deleted with its owner."""

    api_version: str = ""
    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool = False


class Meta(View, frozen=True, gc=False):
    """An object's metadata."""

    name: str
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    """When it is gone at the latest: when its deletion was asked for, plus the grace."""
    deletion_grace_period_seconds: int = 0
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    owner_references: tuple[OwnerReference, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """Namespace and name: what identifies an object at one moment."""
        return (self.namespace, self.name)

    @property
    def version(self) -> int:
        """
        The resourceVersion as a number: the larger is the later, within one kind.

        The API promises this order since Kubernetes 1.35 (KEP-5504); etcd has kept it always.
        """
        return int(self.resource_version or 0)


class Projection(msgspec.Struct, frozen=True, rename="camel"):
    """Base of what a reader sees of a kind: `metadata`, and the fields that a subclass adds."""

    metadata: Meta


class HasMeta(Protocol):
    """Whatever the store can keep."""

    @property
    def metadata(self) -> Meta:
        """Name, uid and resourceVersion."""


ObjectT = TypeVar("ObjectT", bound=HasMeta)


class _Bare(msgspec.Struct):
    metadata: msgspec.Raw = msgspec.Raw(b"{}")


class _Identity(msgspec.Struct, rename="camel"):
    namespace: str = ""
    name: str = ""
    uid: str = ""
    resource_version: str = ""


class Unreadable(msgspec.Struct, frozen=True):
    """An object that could not be decoded into its projection: which one, and why."""

    meta: Meta
    """As much of its metadata as could be read; the name may be empty."""
    why: str


_bare = msgspec.json.Decoder(_Bare)


def unreadable(raw: bytes | msgspec.Raw, error: Exception) -> Unreadable:
    """Say which object could not be decoded, whatever is wrong with it. Raises nothing."""
    try:
        bare = decode(_bare, raw)
        known = msgspec.json.decode(bare.metadata, type=_Identity)
        return Unreadable(Meta(**msgspec.structs.asdict(known)), str(error))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Unreadable(Meta(name=""), str(error))
