"""
The verbs of the Kubernetes API, thin: typed objects in and out.

Headrace chooses all names, so each request may be sent again. If the answer to a create was lost,
the second try fails with `AlreadyExists`, and the caller looks who owns that object. Does not know
any kind, how bytes travel (`transport.py`), when to try again (`sender.py`), or what is cached
(`store.py`).
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from functools import lru_cache
from random import Random
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from msgspec import Struct, json

from headrace.kube.errors import ApiError, TooLargeError, api_error, not_found
from headrace.kube.pace import Clock
from headrace.kube.resources import Ref, Resource, Scope
from headrace.kube.sender import FAILED, REQUEST_SECONDS, Call, Sender, Settings
from headrace.kube.transport import Request, Transport
from headrace.kube.wire import Decoders, Event, Page, read, read_event, read_page, whole_lines

T = TypeVar("T")
Body = dict[str, Any]

IDLE_SECONDS: Final = 70.0
"""A watch that is silent for longer is dead: a bookmark arrives each minute."""
PAGE: Final = 500
PAGE_BYTES: Final = 8 * 2**20
"""The most bytes of a page with more than one object."""
FEWER: Final = 4
"""A page after one that was too large has this many times fewer objects."""
LINE_BYTES: Final = 32 * 2**20
"""The most bytes of a line of a watch: several times the largest object."""
MERGE_PATCH: Final = "application/merge-patch+json"


class _Named(Struct):
    name: str


class _Groups(Struct):
    """An APIGroupList."""

    groups: list[_Named] = []


class _Kinds(Struct):
    """An APIResourceList."""

    resources: list[_Named] = []


class Client:
    """
    Calls to the API server.

    In all methods `into` is the type of the answer, a projection or `dict`; `within` is the time
    for the whole call in seconds, with all its tries. All raise `ApiError` (the server's last
    no), `UnreachableError` and `GarbledError`, and writes also `FencedError`.
    """

    def __init__(self, transport: Transport, settings: Settings, random: Random) -> None:
        """Use a transport with these settings; `random` gives the jitter."""
        self.random = random
        self._settings = settings
        self._sender = Sender(transport, settings, random)
        self._decoders = Decoders()

    @property
    def clock(self) -> Clock:
        """The clock of this client's waits."""
        return self._settings.clock

    async def get(self, ref: Ref, into: type[T], *, within: float = REQUEST_SECONDS) -> T:
        """Return the current object."""
        return await self._object(Call("get", ref.resource, Request("GET", ref.path)), into, within)

    async def discovers(self, resource: Resource, *, within: float = REQUEST_SECONDS) -> bool:
        """
        Return whether discovery of the API server names a kind of a group.

        Just after a CRD is created, the API server may serve its objects before discovery names it.
        """
        groups = await self._discovery(resource, "/apis", _Groups, within)
        if resource.group not in {group.name for group in groups.groups}:
            return False
        path = f"/apis/{resource.api_version}"
        kinds = await self._discovery(resource, path, _Kinds, within)
        return resource.plural in {kind.name for kind in kinds.resources}

    async def _discovery(self, resource: Resource, path: str, into: type[T], within: float) -> T:
        """Read a document of discovery; a missing one is empty."""
        try:
            return await self._object(Call("get", resource, Request("GET", path)), into, within)
        except ApiError as error:
            if not_found(error):
                return into()
            raise

    async def pages(
        self, scope: Scope, into: type[T], *, size: int = PAGE, within: float = REQUEST_SECONDS
    ) -> AsyncGenerator[Page[T], None]:
        """
        List the objects of a scope, page by page; `within` is the time for each page.

        A page has `size` objects at most, and fewer if they are large, so that it takes a few
        megabytes of memory, or one object. If the server forgets the list between two pages
        (`gone`), the caller starts again.
        """
        decoder = self._decoders.of(into)
        query: dict[str, str | int] = {**_selectors(scope), "continue": ""}
        limit = size
        while True:
            target = _target(scope.path, {**query, "limit": limit})
            request = Request("GET", target, most=PAGE_BYTES if limit > 1 else None)
            try:
                body = (await self._sender.send(Call("list", scope.resource, request), within)).body
            except TooLargeError:
                limit = max(1, limit // FEWER)
                continue
            page = read_page(body, decoder)
            if len(body) < PAGE_BYTES // FEWER:
                limit = min(size, 2 * limit)
            del body  # The reader of a page may take long.
            yield page
            if not page.next_page:
                return
            query["continue"] = page.next_page

    async def watch(
        self,
        scope: Scope,
        into: type[T],
        *,
        since: str,
        seconds: float,
        rest: Callable[[], float] = lambda: 0.0,
    ) -> AsyncGenerator[Event[T], None]:
        """
        Yield the events of a scope after the resourceVersion `since`, for so many seconds.

        There is only one try: the caller alone knows where to go on. A silence of 70 s raises
        `SilentError`, a broken connection `UnreachableError`, and a line longer than any event
        `TooLargeError`.

        While `rest` returns more than 0, events gather for so many seconds, and arrive together;
        after a silence, an event arrives at once. A wake-up costs several times more than an event.
        Watches with the same rest wake up at the same moments.
        """
        query: dict[str, str | int] = {
            **_selectors(scope),
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": since,
            "timeoutSeconds": int(seconds),
        }
        call = Call("watch", scope.resource, Request("GET", _target(scope.path, query)))
        decoder = self._decoders.of_events(into)
        await self._sender.admit()
        started = self.clock.now()
        async with self._sender.transport.stream(call.request, IDLE_SECONDS) as stream:
            self._sender.count(call, stream.status, started)
            if stream.status >= FAILED:
                body = b"".join([chunk async for chunk in stream.chunks])
                raise api_error(stream.status, body, stream.headers.get("Retry-After"))
            begun = b""
            async for chunk in stream.chunks:
                lines, begun = whole_lines(begun + chunk)
                for line in lines:
                    yield read_event(line, decoder)
                if len(begun) > LINE_BYTES:
                    raise TooLargeError(f"{call.request.target}: a line over {LINE_BYTES} bytes")
                pause = rest()
                if pause:
                    await self.clock.sleep(pause - self.clock.now() % pause)

    async def create(  # noqa: PLR0913 - each is a choice of its own
        self,
        resource: Resource,
        body: Body,
        into: type[T],
        *,
        strict: bool = True,
        within: float = REQUEST_SECONDS,
        tries: int | None = None,
        dry_run: bool = False,
    ) -> T:
        """
        Create an object, in the namespace and by the name in its metadata.

        If the name is taken, maybe by an earlier try of this call, the error answers
        `already_exists`. An unknown field is an error too (`invalid`); without `strict`, the server
        drops it in silence. `tries` limits how often the request is sent. A `dry_run` is judged
        like a real request, and writes nothing.

        Raises:
            ValueError: The body has no name. A name from the server could not be derived again
                after a crash.

        """
        metadata = body["metadata"]
        if not metadata.get("name"):
            raise ValueError(f"metadata.name of this {resource.kind} is missing: derive one")
        query = {
            "fieldManager": self._settings.field_manager,
            "fieldValidation": "Strict" if strict else "Ignore",
            "dryRun": "All" if dry_run else "",
        }
        target = _target(resource.path(metadata.get("namespace", "")), query)
        call = Call("create", resource, self._write("POST", target, body))
        return await self._object(call, into, within, tries)

    async def replace(
        self, ref: Ref, body: Body, into: type[T], *, within: float = REQUEST_SECONDS
    ) -> T:
        """
        Replace the object that was read.

        `metadata.resourceVersion` in the body names its version; if the object has changed since,
        the error answers `conflict`.
        """
        request = self._write("PUT", self._managed(ref.path), body)
        return await self._object(Call("update", ref.resource, request), into, within)

    async def patch(
        self, ref: Ref, body: Body, into: type[T], *, within: float = REQUEST_SECONDS
    ) -> T:
        """
        Merge `body` into an object (RFC 7386: lists are replaced, null removes a field).

        With `metadata.resourceVersion` in the body it is a compare-and-swap: if the object has
        changed since, the error answers `conflict`.
        """
        request = self._write("PATCH", self._managed(ref.path), body, MERGE_PATCH)
        return await self._object(Call("patch", ref.resource, request), into, within)

    async def patch_status(
        self, ref: Ref, body: Body, into: type[T], *, within: float = REQUEST_SECONDS
    ) -> T:
        """Merge the `status` in `body` into the object's status. Otherwise as `patch`."""
        target = self._managed(f"{ref.path}/status")
        request = self._write("PATCH", target, body, MERGE_PATCH)
        return await self._object(Call("patch", ref.resource, request), into, within)

    async def delete(
        self,
        ref: Ref,
        *,
        uid: str = "",
        propagation: str = "Background",
        within: float = REQUEST_SECONDS,
    ) -> None:
        """
        Delete an object. It may live on for its grace period and finalizers.

        Args:
            ref: Which object.
            uid: Delete it only if it still has this uid; if not, the error answers `conflict`.
            propagation: What happens to its dependents: `Background`, `Foreground` or `Orphan`.
            within: Seconds for the whole call.

        """
        options: Body = {"propagationPolicy": propagation}
        if uid:
            options["preconditions"] = {"uid": uid}
        request = self._write("DELETE", ref.path, options)
        await self._sender.send(Call("delete", ref.resource, request), within)

    async def _object(
        self, call: Call, into: type[T], within: float, tries: int | None = None
    ) -> T:
        response = await self._sender.send(call, within, tries)
        return read(self._decoders.of(into), response.body)

    def _managed(self, path: str) -> str:
        return _target(path, {"fieldManager": self._settings.field_manager})

    def _write(
        self, method: str, target: str, body: Body, content_type: str = "application/json"
    ) -> Request:
        return Request(method, target, json.encode(body), content_type, self._settings.fence)


def _selectors(scope: Scope) -> dict[str, str | int]:
    return {"labelSelector": scope.labels, "fieldSelector": scope.fields}


def _target(path: str, query: Mapping[str, str | int]) -> str:
    """Join path and query; empty parameters are left out."""
    return f"{path}?{_encoded(tuple(query.items()))}"


@lru_cache(maxsize=64)
def _encoded(query: tuple[tuple[str, str | int], ...]) -> str:
    """Return a query. Nearly all requests have one of few: to encode it costs as much as a turn."""
    return urlencode([(name, value) for name, value in query if value])
