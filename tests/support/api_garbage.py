"""The garbage collector of the API server in memory: what loses its last owner is deleted."""

from headrace.kube import resources
from support.api_storage import Object, Storage


def collect_garbage(storage: Storage) -> None:
    """Delete what belongs to a deleted owner or namespace, and what belongs to that, and so on."""
    while doomed := _doomed(storage):
        for resource, item in doomed:
            meta = item["metadata"]
            key = (meta.get("namespace", ""), meta["name"])
            if meta.get("finalizers"):
                dying = {**meta, "deletionTimestamp": meta["creationTimestamp"]}
                storage.write(resource, {**item, "metadata": dying})
            else:
                storage.erase(resource, key)


def _doomed(storage: Storage) -> list[tuple[resources.Resource, Object]]:
    alive = {item["metadata"]["uid"] for _, item in storage.everything()}
    namespaces = {item["metadata"]["name"] for item in storage.all(resources.NAMESPACES)}
    return [
        (resource, item)
        for resource, item in storage.everything()
        if "deletionTimestamp" not in item["metadata"]
        and (_ownerless(item, alive) or _homeless(item, namespaces))
    ]


def _ownerless(item: Object, alive: set[str]) -> bool:
    owners = item["metadata"].get("ownerReferences") or []
    return bool(owners) and not any(owner["uid"] in alive for owner in owners)


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
