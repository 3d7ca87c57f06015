"""What the parts of a cluster and people do to objects of the API server in memory, at once."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any, Final

from headrace.kube.resources import Ref, Resource
from headrace.kube.transport import Request
from support.api_server import ApiServer
from support.api_storage import Object

NAMESPACE: Final = "default"
MERGE: Final = "application/merge-patch+json"


class Hands:
    """Writes to a server; what is gone meanwhile is let be."""

    def __init__(self, server: ApiServer) -> None:
        self._server = server

    def all(self, resource: Resource) -> list[Object]:
        """Return the objects of a kind."""
        return self._server.storage.all(resource)

    def find(self, resource: Resource, name: str, uid: str = "") -> Object | None:
        """Return an object, if it is this one and not another of its name."""
        item = self._server.storage.find(resource, (NAMESPACE, name))
        return item if item is not None and uid in ("", item["metadata"]["uid"]) else None

    def create(self, resource: Resource, body: Object) -> None:
        """Create an object."""
        self._send("POST", resource.path(NAMESPACE), body)

    def delete(self, resource: Resource, name: str, policy: str = "Background") -> None:
        """Delete an object; what holds it back is waited for by nobody."""
        self._send("DELETE", _path(resource, name), {"propagationPolicy": policy})

    def patch(self, resource: Resource, name: str, **fields: Any) -> None:
        """Change fields of an object."""
        self._send("PATCH", _path(resource, name), fields)

    def release(self, resource: Resource, item: Object, finalizer: str) -> None:
        """Take a finalizer away from an object."""
        meta = item["metadata"]
        now = self.find(resource, meta["name"], meta["uid"])
        held = () if now is None else now["metadata"].get("finalizers") or ()
        if finalizer in held:
            rest = [each for each in held if each != finalizer]
            self.patch(resource, meta["name"], metadata={"finalizers": rest})

    def status(self, resource: Resource, item: Object, change: Callable[[Object], None]) -> None:
        """Change the status of an object."""
        meta = item["metadata"]
        now = self.find(resource, meta["name"], meta["uid"])
        if now is not None:
            new = deepcopy(now)
            change(new["status"])
            self._server.storage.write(resource, new)

    def _send(self, method: str, target: str, body: Object) -> None:
        kind = MERGE if method == "PATCH" else "application/json"
        answer = self._server.handle(Request(method, target, json.dumps(body).encode(), kind))
        assert answer.status in (200, 201, 404), answer.body


def condition(status: Object, kind: str, reason: str, value: str = "True") -> None:
    """Set a condition in a status."""
    others = [each for each in status.get("conditions", ()) if each["type"] != kind]
    now = ApiServer.now()
    own = {"type": kind, "status": value, "reason": reason, "lastTransitionTime": now}
    status["conditions"] = [*others, own]


def holds(item: Object, kind: str) -> bool:
    """Tell whether a condition holds."""
    conditions = item["status"].get("conditions", ())
    return any(each["type"] == kind and each["status"] == "True" for each in conditions)


def _path(resource: Resource, name: str) -> str:
    return Ref(resource, NAMESPACE, name).path
