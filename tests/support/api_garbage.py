"""The garbage collector of the API server in memory: what loses its last owner is deleted."""

from typing import Final

from headrace.kube import resources
from support.api_storage import Object, Storage

FOREGROUND: Final = "foregroundDeletion"
"""The finalizer of an object that goes only after those it owns, if they block its deletion."""


def collect_garbage(storage: Storage, now: str) -> None:
    """Delete what belongs to a deleted owner or namespace, and what belongs to that, and so on."""
    while doomed := _doomed(storage):
        for resource, item in doomed:
            meta = item["metadata"]
            if meta.get("finalizers"):
                dying = {**meta, "deletionTimestamp": now}
                storage.write(resource, {**item, "metadata": dying})
            else:
                storage.erase(resource, _key(meta))
    free = _unblocked(storage)
    for resource, item in free:
        meta = item["metadata"]
        left = [each for each in meta["finalizers"] if each != FOREGROUND]
        storage.write(resource, {**item, "metadata": {**meta, "finalizers": left}})
        if not left:
            storage.erase(resource, _key(meta))
    if free:  # Others may have waited for them.
        collect_garbage(storage, now)


def _doomed(storage: Storage) -> list[tuple[resources.Resource, Object]]:
    solid = {item["metadata"]["uid"] for _, item in storage.everything() if not _waits(item)}
    namespaces = {item["metadata"]["name"] for item in storage.all(resources.NAMESPACES)}
    return [
        (resource, item)
        for resource, item in storage.everything()
        if "deletionTimestamp" not in item["metadata"]
        and (_ownerless(item, solid) or _homeless(item, namespaces))
    ]


def _unblocked(storage: Storage) -> list[tuple[resources.Resource, Object]]:
    """Return what waits for those it owns, and need not wait any more."""
    blocked = {
        owner["uid"]
        for _, item in storage.everything()
        for owner in item["metadata"].get("ownerReferences") or []
        if owner.get("blockOwnerDeletion")
    }
    return [
        (resource, item)
        for resource, item in storage.everything()
        if _waits(item) and item["metadata"]["uid"] not in blocked
    ]


def _waits(item: Object) -> bool:
    meta = item["metadata"]
    return "deletionTimestamp" in meta and FOREGROUND in (meta.get("finalizers") or [])


def _key(meta: Object) -> tuple[str, str]:
    return meta.get("namespace", ""), meta["name"]


def _ownerless(item: Object, solid: set[str]) -> bool:
    owners = item["metadata"].get("ownerReferences") or []
    return bool(owners) and not any(owner["uid"] in solid for owner in owners)


def _homeless(item: Object, namespaces: set[str]) -> bool:
    return item["metadata"].get("namespace", "") not in {"", *namespaces}


def orphan(storage: Storage, uid: str) -> None:
    """Let those that an object owns live on without it."""
    for resource, item in list(storage.everything()):
        meta = item["metadata"]
        owners = meta.get("ownerReferences") or []
        left = [owner for owner in owners if owner["uid"] != uid]
        if left != owners:
            storage.write(resource, {**item, "metadata": {**meta, "ownerReferences": left}})
