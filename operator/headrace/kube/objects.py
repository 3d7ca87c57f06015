"""
The metadata of any object, for this package.

A projection is a msgspec struct with the few fields of a kind that a reader needs. The decoder
drops all other fields, so a watch is cheap in time and memory. Does not know any kind: each reader
has its own projections.
"""

from datetime import UTC, datetime
from typing import Protocol, TypeVar

import msgspec

from headrace.kube.nesting import decode


class View(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Base of the views: immutable, camelCase, missing fields have defaults."""


class OwnerReference(View, frozen=True, gc=False):
    """The owner of an object. The object is deleted with its owner."""

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
    """When the object is gone at the latest: the time of the delete request, plus the grace
    period."""
    deletion_grace_period_seconds: int = 0
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    owner_references: tuple[OwnerReference, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """Namespace and name: they identify an object at one moment."""
        return (self.namespace, self.name)

    @property
    def version(self) -> int:
        """
        The resourceVersion as a number: within one kind, the larger is the later.

        The API promises this order since Kubernetes 1.35 (KEP-5504). etcd has always kept it.
        """
        return int(self.resource_version or 0)


def micro_time(instant: datetime) -> str:
    """Write an instant as Kubernetes' MicroTime, of Leases and Events: UTC, six digits, `Z`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Projection(msgspec.Struct, frozen=True, rename="camel"):
    """Base of projections: `metadata`, and the fields of a subclass."""

    metadata: Meta


class HasMeta(Protocol):
    """Any object that a store can keep."""

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
    """The readable part of its metadata; the name may be empty."""
    why: str


_bare = msgspec.json.Decoder(_Bare)


def unreadable(raw: bytes | msgspec.Raw, error: Exception) -> Unreadable:
    """Name an object that could not be decoded. Raises no error."""
    try:
        bare = decode(_bare, raw)
        known = msgspec.json.decode(bare.metadata, type=_Identity)
        return Unreadable(Meta(**msgspec.structs.asdict(known)), str(error))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Unreadable(Meta(name=""), str(error))
