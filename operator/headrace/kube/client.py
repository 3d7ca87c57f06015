"""
The verbs of the Kubernetes API, thin: typed objects in and out.

Headrace names all it makes, so each request may be sent again. A create whose answer was lost is
told `AlreadyExists` by its second try, and its caller looks whose object that is.
Does not know any kind, how bytes travel (`transport.py`), when to try again (`sender.py`), or what
is cached (`store.py`).
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from random import Random
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from msgspec import Struct, json

from headrace.kube.errors import ApiError, TooLargeError, api_error, not_found
from headrace.kube.pace import Clock
from headrace.kube.resources import Ref, Resource, Scope
from headrace.kube.sender import FAILED, REQUEST_SECONDS, Call, Sender, Settings
from headrace.kube.transport import Request, Transport
from headrace.kube.wire import Decoders, Event, Page, read, read_event, read_page

T = TypeVar("T")
Body = dict[str, Any]

IDLE_SECONDS: Final = 70.0
"""A watch that is silent for longer is dead: bookmarks come each minute."""
PAGE: Final = 500
PAGE_BYTES: Final = 8 * 2**20
"""How large a page of a list may be, if it has more than one object."""
FEWER: Final = 4
"""By how much a page has fewer objects than one that was too large."""
LINE_BYTES: Final = 32 * 2**20
"""How long a line of a watch may be: several times longer than an object can be."""
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
        """Use a transport, by these settings; draw jitter from `random`."""
        self.random = random
        self._settings = settings
        self._sender = Sender(transport, settings, random)
        self._decoders = Decoders()

    @property
    def clock(self) -> Clock:
        """The time by which this client waits."""
        return self._settings.clock

    async def get(self, ref: Ref, into: type[T], *, within: float = REQUEST_SECONDS) -> T:
        """Return an object as it is now."""
        return await self._object(Call("get", ref.resource, Request("GET", ref.path)), into, within)

    async def discovers(self, resource: Resource, *, within: float = REQUEST_SECONDS) -> bool:
        """
        Tell whether the API server names a kind of a group among those that it serves.

        Right after a CRD is made its objects may be served before discovery names them.
        """
        groups = await self._discovery(resource, "/apis", _Groups, within)
        if resource.group not in {group.name for group in groups.groups}:
            return False
        path = f"/apis/{resource.api_version}"
        kinds = await self._discovery(resource, path, _Kinds, within)
        return resource.plural in {kind.name for kind in kinds.resources}

    async def _discovery(self, resource: Resource, path: str, into: type[T], within: float) -> T:
        """Read a document of discovery; one that is missing is empty."""
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
        List what is in the scope now, page by page; `within` is the time for each page.

        A page has `size` objects at most. Where objects are large it has fewer, so that it never
        takes more memory than a few megabytes, or one object.

        When the server forgets the list between two pages (`gone`), the caller begins again.
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
            del body  # Its reader may take long.
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
        Tell what happens in the scope after the resourceVersion `since`, for so many seconds.

        Tried once: only the caller knows from where to go on. A silence of 70 s is `SilentError`,
        a cut in the line `UnreachableError`, and what is longer than any event `TooLargeError`.

        While `rest` returns more than 0, news is told at once after a silence, and else every so
        many seconds, all that has gathered: to be woken for an event costs several times more than
        the event does. All watches with the same rest are told at the same moments.
        """
        query: dict[str, str | int] = {
            **_selectors(scope),
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": since,
            "timeoutSeconds": int(seconds),
        }
        call = Call("watch", scope.resource, Request("GET", _target(scope.path, query)))
        decoder = self._decoders.of(into)
        await self._sender.admit()
        started = self.clock.now()
        async with self._sender.transport.stream(call.request, IDLE_SECONDS) as stream:
            self._sender.count(call, stream.status, started)
            if stream.status >= FAILED:
                body = b"".join([chunk async for chunk in stream.chunks])
                raise api_error(stream.status, body, stream.headers.get("Retry-After"))
            begun = b""
            async for chunk in stream.chunks:
                *lines, begun = (begun + chunk).split(b"\n")
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
    ) -> T:
        """
        Create an object, in the namespace and by the name in its metadata.

        If the name is taken, be it by an earlier try of this very call, the error answers
        `already_exists`. A field that the server does not know is an error too (`invalid`);
        without `strict` it is dropped in silence. With `tries` it is sent at most so often.

        Raises:
            ValueError: The body has no name. A name that the server chose would not be found again
                after a crash.

        """
        metadata = body["metadata"]
        if not metadata.get("name"):
            raise ValueError(f"metadata.name of this {resource.kind} is missing: derive one")
        query = {
            "fieldManager": self._settings.field_manager,
            "fieldValidation": "Strict" if strict else "Ignore",
        }
        target = _target(resource.path(metadata.get("namespace", "")), query)
        call = Call("create", resource, self._write("POST", target, body))
        return await self._object(call, into, within, tries)

    async def replace(
        self, ref: Ref, body: Body, into: type[T], *, within: float = REQUEST_SECONDS
    ) -> T:
        """
        Put an object in the place of the one that was read.

        `metadata.resourceVersion` in the body says which that was; if the object has changed since,
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
        """Merge the `status` in `body` into the object's. Otherwise as `patch`."""
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
        Ask for an object's end. It may live on for its grace period and finalizers.

        Args:
            ref: Which object.
            uid: Delete it only if it still has this uid; if not, the error answers `conflict`.
            propagation: What becomes of those it owns: `Background`, `Foreground` or `Orphan`.
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
    """Join path and query; what is empty is not said."""
    return f"{path}?{urlencode({name: value for name, value in query.items() if value})}"
