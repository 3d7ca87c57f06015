"""
An API server in memory: what Headrace relies on of the real one, and no more.

`tests/contract/test_api_server.py` says what that is, and runs it on both. Here are no conversions,
no generated names, no server-side apply; admission is what a test says. A test that needs more
needs a cluster.
Each request is answered at once; what goes wrong on the way is the business of `api_transport.py`.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from headrace.api.v1alpha1.group import GROUP
from headrace.cluster import kinds as own
from headrace.kube import resources
from headrace.kube.resources import Resource
from headrace.kube.transport import Request, Response
from support import api_refusals as refuse
from support.api_garbage import FOREGROUND, collect_garbage, orphan
from support.api_refusals import RefusalError
from support.api_selectors import merge
from support.api_storage import Object, Storage
from support.api_target import Target, read_target
from support.api_watch import Watches

COLLECT_SECONDS: Final = 0.5  # How long the garbage collector takes to notice.
EPOCH: Final = datetime(2030, 1, 1, tzinfo=UTC)

_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_LABEL: Final = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")

CORE_EVENTS: Final = Resource("", "v1", "events", "Event")
KINDS: Final = (
    *(
        item
        for kinds in (resources, own)
        for item in vars(kinds).values()
        if isinstance(item, Resource)
    ),
    CORE_EVENTS,
)
WITH_STATUS: Final = frozenset(
    {
        *("Namespace", "Pod", "Job"),
        *("Workflow", "WorkflowRun", "TaskRun", "Approval", "Pool", "Backfill"),
    }
)
FIELDS: Final = {"ConfigMap": {"data", "binaryData", "immutable"}, "Lease": {"spec"}}
"""Where a test of strict decoding needs them: the fields of a kind."""


class ApiServer:
    """Objects, and the verbs of the API over them."""

    def __init__(self, kinds: Iterable[Resource] = KINDS) -> None:
        self.storage = Storage()
        self.kinds = {(kind.group, kind.version, kind.plural): kind for kind in kinds}
        self._snapshots: dict[tuple[Resource, str], list[Object]] = {}
        self._uids = 0
        self.admit: Callable[[Resource, Object], None] = lambda _kind, _body: None
        """Asked before an object is made. Raises `RefusalError`."""
        self.watches = Watches(self.storage)
        for name in ("default", "kube-system"):
            body = {"metadata": {"name": name}}
            self._create(Target(resources.NAMESPACES, "", "", "", {}), body)

    def skip_uids(self, many: int) -> None:
        """Give no uid that another server has given, whose objects are here now."""
        self._uids += many

    def handle(self, request: Request) -> Response:
        """Answer any request but a watch."""
        try:
            code, body = self._answer(request)
        except RefusalError as refusal:
            code, body = refusal.code, refusal.status
        return Response(code, json.dumps(body).encode(), {})

    def watch(self, request: Request) -> AsyncIterator[bytes]:
        """
        Answer a watch, line by line.

        Raises:
            RefusalError: There is nothing to watch.

        """
        target = read_target(request.target, self.kinds)
        return self.watches.lines(target.matches, target.resource, target.query)

    def forget_history(self) -> None:
        """Make every watch that begins from now on, and every list half read, expire (410)."""
        self._snapshots.clear()
        self.storage.compact()

    def _answer(self, request: Request) -> tuple[int, Object]:
        target = read_target(request.target, self.kinds)
        match request.method:
            case "GET" if target.name:
                return 200, self._found(target)
            case "GET":
                return 200, self._list(target)
        try:
            body = json.loads(request.body or b"{}")
        except ValueError as error:
            raise refuse.bad_request(f"the body is no JSON: {error}") from error
        match request.method:
            case "POST":
                return 201, self._create(target, body)
            case "PUT":
                return 200, self._update(target, body)
            case "PATCH":
                return 200, self._patch(target, body, request.content_type)
            case "DELETE":
                return 200, self._delete(target, body)
        raise RefusalError(405, "MethodNotAllowed", f"{request.method} is not allowed")

    def _found(self, target: Target) -> Object:
        item = self.storage.find(target.resource, target.key)
        if item is None:
            raise refuse.not_found(target.resource, target.name)
        return item

    def _list(self, target: Target) -> Object:
        token = target.query.get("continue", "")
        version, _, start = token.partition("/")
        if not token:
            version, start = str(self.storage.version), "0"
            items = [i for i in self.storage.all(target.resource) if target.matches(i)]
            self._snapshots[target.resource, version] = items
        elif (target.resource, version) not in self._snapshots:
            raise refuse.expired("The provided continue parameter is too old")
        items = self._snapshots[target.resource, version]
        begin = int(start)
        end = begin + int(target.query.get("limit") or len(items))
        meta: Object = {"resourceVersion": version}
        if end < len(items):
            meta |= {"continue": f"{version}/{end}", "remainingItemCount": len(items) - end}
        return {
            "kind": f"{target.resource.kind}List",
            "apiVersion": target.resource.api_version,
            "metadata": meta,
            "items": items[begin:end],
        }

    def _create(self, target: Target, body: Object) -> Object:
        resource, meta = target.resource, dict(body.get("metadata") or {})
        name = meta.get("name", "")
        self._check(resource, body, meta, strict=target.query.get("fieldValidation") == "Strict")
        namespace = target.namespace if resource.namespaced else ""
        if meta.get("namespace", namespace) != namespace:
            raise refuse.bad_request("the namespace of the object does not match the request")
        if namespace and self.storage.find(resources.NAMESPACES, ("", namespace)) is None:
            raise refuse.not_found(resources.NAMESPACES, namespace)
        self.admit(resource, body)
        if self.storage.find(resource, (namespace, name)) is not None:
            raise refuse.already_exists(resource, name)
        if target.query.get("dryRun"):
            return {**body, "metadata": meta}
        self._uids += 1
        meta |= {
            "uid": str(UUID(int=self._uids, version=4)),
            "creationTimestamp": self.now(),
            "generation": 1,
        }
        if namespace:
            meta["namespace"] = namespace
        item = {**body, "apiVersion": resource.api_version, "kind": resource.kind, "metadata": meta}
        if resource.kind in WITH_STATUS:
            item["status"] = {}
        written = self.storage.write(resource, item)
        if meta.get("ownerReferences"):
            self._collect_later()
        return written

    def _check(self, resource: Resource, body: Object, meta: Object, *, strict: bool) -> None:
        name = meta.get("name", "")
        if not _NAME.fullmatch(name):
            raise refuse.invalid(resource, name, "metadata.name", "a lowercase RFC 1123 subdomain")
        for label, value in (meta.get("labels") or {}).items():
            if len(value) > 63 or not _LABEL.fullmatch(value):
                raise refuse.invalid(resource, name, "metadata.labels", f"{label}: {value!r}")
        unknown = (
            set(body) - {"apiVersion", "kind", "metadata"} - FIELDS.get(resource.kind, set(body))
        )
        for field in unknown:
            del body[field]
        if strict and unknown:
            fields = ", ".join(f'unknown field "{field}"' for field in sorted(unknown))
            raise refuse.bad_request(f"strict decoding error: {fields}")

    def _update(self, target: Target, body: Object) -> Object:
        old = self._found(target)
        meta = body.get("metadata") or {}
        self._check(target.resource, body, meta, strict=False)
        if target.resource.kind == "Lease" and not meta.get("resourceVersion"):
            raise refuse.invalid(
                target.resource, target.name, "metadata.resourceVersion", "must be specified"
            )
        return self._put_in_place(
            target, old, {**body, "apiVersion": old["apiVersion"], "kind": old["kind"]}
        )

    def _patch(self, target: Target, body: Object, content_type: str) -> Object:
        if content_type != "application/merge-patch+json":
            raise RefusalError(415, "UnsupportedMediaType", f"{content_type} is not supported")
        old = self._found(target)
        return self._put_in_place(target, old, merge(old, body))

    def _put_in_place(self, target: Target, old: Object, new: Object) -> Object:
        resource, name = target.resource, target.name
        before, meta = old["metadata"], dict(new["metadata"])
        overlooked = (
            target.part == "status" and resource.group == GROUP
        )  # As of all metadata there.
        if meta.get("uid", before["uid"]) != before["uid"] and not overlooked:
            raise refuse.immutable(resource, name, "metadata.uid")
        if meta.get("resourceVersion", before["resourceVersion"]) != before["resourceVersion"]:
            raise refuse.changed(resource, name)
        if target.part == "status":
            item = {**old, "status": new.get("status", {})}
        else:
            fixed = ("uid", "creationTimestamp", "generation", "deletionTimestamp", "namespace")
            meta |= {field: before[field] for field in fixed if field in before}
            if new.get("spec") != old.get("spec"):
                meta["generation"] = before["generation"] + 1
            item = {**new, "metadata": meta}
            if resource.kind in WITH_STATUS:
                item["status"] = old["status"]
        item["metadata"] = {**item["metadata"], "resourceVersion": before["resourceVersion"]}
        if item == old:
            return old  # Nothing changed, so nothing is written.
        written = self.storage.write(resource, item)
        if "deletionTimestamp" in before and not item["metadata"].get("finalizers"):
            return self._erase(resource, target.key)
        return written

    def _delete(self, target: Target, options: Object) -> Object:
        item = self._found(target)
        meta = item["metadata"]
        wanted = (options.get("preconditions") or {}).get("uid")
        if wanted not in (None, meta["uid"]):
            raise refuse.other_uid(target.resource, target.name)
        if options.get("propagationPolicy") == "Orphan":
            orphan(self.storage, meta["uid"])
        finalizers = list(meta.get("finalizers") or [])
        if options.get("propagationPolicy") == "Foreground" and FOREGROUND not in finalizers:
            finalizers.append(FOREGROUND)
        if finalizers:
            if "deletionTimestamp" in meta:
                return item
            self._collect_later()
            dying = {**meta, "deletionTimestamp": self.now(), "finalizers": finalizers}
            return self.storage.write(target.resource, {**item, "metadata": dying})
        return self._erase(target.resource, target.key)

    def _erase(self, resource: Resource, key: tuple[str, str]) -> Object:
        gone = self.storage.erase(resource, key)
        self._collect_later()
        return gone

    def _collect_later(self) -> None:
        asyncio.get_running_loop().call_later(COLLECT_SECONDS, self.collect)

    def collect(self) -> None:
        """Collect garbage at once."""
        collect_garbage(self.storage, self.now())

    @staticmethod
    def now() -> str:
        """Return the time, as objects tell it."""
        seconds = asyncio.get_running_loop().time()
        return (EPOCH + timedelta(seconds=int(seconds))).strftime("%Y-%m-%dT%H:%M:%SZ")
