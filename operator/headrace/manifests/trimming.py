"""
The trimming of objects while they are decoded: the fields that are read, and a bounded size.

The author of an object chooses its size, up to some megabytes. The memory for it must not depend on
that. Knows sizes, and no kind.
"""

from collections.abc import Callable, Collection, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final, TypeVar

import msgspec

from headrace.kube.objects import Meta, OwnerReference

SPEC_BYTES: Final = 4 * 1024
"""Bytes of JSON up to which a spec is kept whole. Nearly all specs have less."""
VALUE: Final = 1024
"""How many characters of a value are kept: names, times, quantities and users have fewer."""
WORDS: Final = 8 * 1024
"""How many characters of a container's message are kept. Outputs have at most 4,096."""
ELEMENTS: Final = 64
"""How many conditions, or containers, of an object are kept."""

USUAL: Final = 12
"""How many labels an object may have to be kept unchanged: a Job's pod has nine. The API server
takes at most 380 characters of each."""

T = TypeVar("T")


def bare(meta: Meta, labels: Collection[str] = (), annotations: Collection[str] = ()) -> Meta:
    """
    Return metadata with only these labels and annotations, and with at most two owners.

    Those are the controller, and the first Job: a Pod that its Job has released still names it.
    """
    return msgspec.structs.replace(
        meta,
        labels=_some(meta.labels, labels),
        annotations=_some(meta.annotations, annotations),
        owner_references=_owners(meta.owner_references),
    )


def usual(meta: Meta, annotations: AbstractSet[str] = frozenset()) -> bool:
    """
    Return whether metadata is so small that a copy would cost more than it saves.

    It has no other annotations than these.
    """
    if len(meta.labels) > USUAL or len(meta.owner_references) > 1:
        return False
    for name, value in meta.annotations.items():
        if name not in annotations or len(value) > VALUE:
            return False
    return not meta.owner_references or _length(meta.owner_references[0]) <= VALUE


def head(spec: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """Return these fields of a spec, as far as they are texts of a usual length."""
    return _some(spec, names)


def whole(spec: Mapping[str, Any]) -> bytes:
    """Return a small spec as JSON: read, it may take twelve times as much memory. Else nothing."""
    written = msgspec.json.encode(spec)
    return written if len(written) <= SPEC_BYTES else b""


def few(elements: tuple[T, ...], first: Callable[[T], bool] = lambda _: True) -> tuple[T, ...]:
    """Return a bounded number of a list's elements; the `first` ones come first."""
    if len(elements) <= ELEMENTS:
        return elements
    return tuple(sorted(elements, key=lambda each: not first(each))[:ELEMENTS])


def beginning(text: str, most: int = VALUE) -> str:
    """Return a text, or the beginning of an unusually long one."""
    return text if len(text) <= most else text[:most]


def _some(written: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name in names:
        value = written.get(name)
        if value is None:  # As most names are: an object has few of the fields of all kinds.
            continue
        if isinstance(value, int) or (isinstance(value, str) and len(value) <= VALUE):
            kept[name] = value
    return kept


def _owners(owners: tuple[OwnerReference, ...]) -> tuple[OwnerReference, ...]:
    if not owners:
        return owners
    usual = [owner for owner in owners if _length(owner) <= VALUE]
    controller = next((owner for owner in usual if owner.controller), None)
    job = next((owner for owner in usual if owner.kind == "Job"), None)
    return tuple(owner for owner in usual if owner is controller or owner is job)


def _length(owner: OwnerReference) -> int:
    return len(owner.api_version) + len(owner.kind) + len(owner.name) + len(owner.uid)
