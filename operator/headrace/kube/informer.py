"""
Keeps a store up to date: list, watch, and list again from time to time to find missed events.

An informer survives every failure of the API server: it tries again, with growing waits of up to
half a minute. An object that cannot be read is logged and left out; the others stay. Does not know
the meaning of objects, or who uses them.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager
from typing import Final, Generic

from headrace.kube.client import Client
from headrace.kube.errors import (
    ApiError,
    ClusterError,
    SilentError,
    TooLargeError,
    gone,
    not_found,
    retry_after,
)
from headrace.kube.objects import Meta, ObjectT, Unreadable
from headrace.kube.pace import Backoff, spread
from headrace.kube.resources import Scope
from headrace.kube.store import Key, Listing, Store
from headrace.kube.wire import Bookmark, Broken, Changed, Deleted, Event

WATCH_SECONDS: Final = 290.0
"""About how long a watch lasts before the next one, maybe at another API server."""
AUDIT_SECONDS: Final = 600.0
"""About how often the store is compared with a list."""
BACKOFF: Final = Backoff(first=0.5, longest=30)
FUTILE: Final = 3  # After so many refusals in a row, a watch will not go on from where it was.
LIVED_SECONDS: Final = 1.0  # A watch that ends sooner, without an event, has failed.
NAMED: Final = 5  # How many repaired objects a log line names.

log = logging.getLogger(__name__)


class _StaleError(ClusterError):
    """The watch cannot go on from here; a list must follow."""


def _log_unreadable(scope: Scope, bad: Unreadable) -> None:
    name = "/".join(bad.meta.key)
    log.warning("%s %s cannot be read and is left out: %s", scope.resource, name, bad.why)


class Informer(Generic[ObjectT]):
    """Feeds one store with the objects of one scope. A namespace of a store has one informer."""

    def __init__(  # noqa: PLR0913 - each is a choice of its own
        self,
        client: Client,
        scope: Scope,
        store: Store[ObjectT],
        unreadable: Callable[[Scope, Unreadable], None] = _log_unreadable,
        *,
        rest: Callable[[], float] = lambda: 0.0,
        may_be_missing: bool = False,
    ) -> None:
        """
        Prepare; `run` starts.

        Args:
            client: For lists and watches.
            scope: The objects to watch; with one informer for each namespace, all feed the same
                store.
            store: The store to keep up to date.
            unreadable: Called for each object that cannot be decoded, each time.
            rest: Returns for how many seconds events may gather at most, to be handled together.
            may_be_missing: Whether the API server may not know the kind: then it has no objects.

        """
        self._rest = rest
        self._may_be_missing = may_be_missing
        self.synced = asyncio.Event()
        """Set once the store holds all objects of the scope."""
        self.counts: Counter[str] = Counter()
        """`lists`, `watches`, `audits`, `unreadable`; `repairs`, `silences`: at best 0."""
        self.scope = scope
        """The watched objects."""
        self._client = client
        self._heard = client.clock.now()
        self._store = store
        self._unreadable = unreadable
        self._stale = True  # A watch cannot go on from here; only a list helps.
        self._fruitful = False  # Whether this watch has brought an event.
        self._listed = 0  # The version of the newest list in the store.
        self._deletions: list[set[str]] = []  # For each list that is being read: see below.
        self._awaited: tuple[int, asyncio.Event] | None = None

    @property
    def silence(self) -> float:
        """Seconds since the last event of this scope; a bookmark arrives each minute."""
        return self._client.clock.now() - self._heard

    async def refresh(self) -> None:
        """Return when the store shows all writes from before this call, by anybody."""
        failures = 0
        while True:
            try:
                await self._list()
            except ClusterError as error:
                if self._is_missing(error):
                    return
                failures += 1
                log.warning("listing %s: %s", self.scope.resource, error)
                pause = (retry_after(error) or 0.0) + BACKOFF.after(failures, self._client.random)
                await self._client.clock.sleep(pause)
            else:
                return

    async def run(self) -> None:
        """Keep the store up to date until cancelled. Nothing else ends this method."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow())
            tasks.create_task(self._audit_now_and_then())

    async def _follow(self) -> None:
        failures = 0
        while True:
            self._fruitful = False
            asked_wait = 0.0
            failed = True
            try:
                if self._stale:
                    await self._list()
                await self._watch()
                failed = not self._fruitful
            except ClusterError as error:
                if not self._is_missing(error):
                    log.warning("watching %s: %s", self.scope.resource, error)
                if isinstance(error, SilentError):
                    self.counts["silences"] += 1
                asked_wait = retry_after(error) or 0.0
                lost = isinstance(error, ApiError) and failures >= FUTILE
                self._stale = self._stale or lost or gone(error)
                self._stale = self._stale or isinstance(error, (_StaleError, TooLargeError))
            except Exception:
                log.exception("watching %s: unforeseen, listing again", self.scope.resource)
                self._stale = True
            failures = (0 if self._fruitful else failures) + failed
            if failures:
                pause = BACKOFF.after(failures, self._client.random)
                await self._client.clock.sleep(asked_wait + pause)

    async def _list(self) -> None:
        self.counts["lists"] += 1
        latest = self._complete_until()
        with self._noting_deletions() as deleted:
            listing = await self._listing()
        # A list is never older than earlier events, unless the server was restored.
        rewound = listing.version < latest
        if rewound or listing.version >= self._listed:
            self._store.replace(listing, deleted, rewound=rewound)
            self._listed = listing.version
        self._stale = False
        self.synced.set()
        self._wake_audit()

    def _is_missing(self, error: ClusterError) -> bool:
        """Return whether the API server does not know the kind, and note that it answered."""
        if not self._may_be_missing or not isinstance(error, ApiError) or not not_found(error):
            return False
        if not self.synced.is_set():
            log.warning("the API server does not know %s; so there are none", self.scope.resource)
        self._hear()
        self.synced.set()
        return True

    async def _listing(self) -> Listing[ObjectT]:
        objects: list[ObjectT] = []
        unreadable: list[Key] = []
        version, latest = 0, self._complete_until()
        async with aclosing(self._client.pages(self.scope, self._store.into)) as pages:
            async for page in pages:
                self._hear()
                # Otherwise all objects would be in memory twice. A server that was restored from a
                # backup may show another object under a known version.
                forward = int(page.resource_version) >= latest
                objects += map(self._store.known, page.objects) if forward else page.objects
                for bad in page.unreadable:
                    self._report(bad)
                    unreadable.append(bad.meta.key)
                version = int(page.resource_version)
        return Listing(self.scope.namespace, objects, version, unreadable)

    async def _watch(self) -> None:
        self.counts["watches"] += 1
        clock = self._client.clock
        started = clock.now()
        events = self._client.watch(
            self.scope,
            self._store.into,
            since=str(self._complete_until()),
            seconds=spread(WATCH_SECONDS, self._client.random),
            rest=self._rest,
        )
        async with aclosing(events):
            async for event in events:
                self._hear()
                self._take(event)
                self._fruitful = True
        if clock.now() - started >= LIVED_SECONDS:  # It ended in good order, at its usual time.
            self._hear()
            self._fruitful = True

    def _take(self, event: Event[ObjectT]) -> None:
        if isinstance(event, Changed):  # First, since nearly all are.
            version = event.object.metadata.version
            self._store.put(event.object)
        elif isinstance(event, Broken):
            raise _StaleError(f"the watch broke off: {event.error}") from event.error
        elif isinstance(event, Bookmark):
            version = event.version
        elif isinstance(event, Deleted):
            meta = event.object.metadata
            version = meta.version
            self._store.remove(meta, event.object)
            self._note_deletion(meta)
        else:
            meta = event.object.meta
            version = meta.version
            self._report(event.object)
            if event.deleted:
                self._store.remove(meta)
                self._note_deletion(meta)
        self._store.advance(self.scope.namespace, version)
        self._wake_audit()

    async def _audit_now_and_then(self) -> None:
        while True:
            await self._client.clock.sleep(spread(AUDIT_SECONDS, self._client.random))
            await self.synced.wait()
            try:
                await self._audit()
            except ClusterError as error:
                if not self._is_missing(error):
                    log.warning("audit of %s: %s", self.scope.resource, error)
            except Exception:
                log.exception("audit of %s: unforeseen", self.scope.resource)

    async def _audit(self) -> None:
        """
        Compare a list with the store, once the watch has reached the list.

        Before that, a difference only means that an event is on its way. After that, it means that
        the watch has missed an event, unless it has reported a deletion since.
        """
        latest = self._complete_until()
        with self._noting_deletions() as deleted:
            listing = await self._listing()
            if listing.version < latest:  # The server was restored from a backup.
                self._stale = True
                return
            self._awaited = (listing.version, asyncio.Event())
            self._wake_audit()
            await self._awaited[1].wait()
        if self._listed > listing.version:
            return  # A newer list shows deletions without an event.
        self.counts["audits"] += 1
        healed = self._store.replace(listing, deleted)
        if healed:
            self.counts["repairs"] += len(healed)
            named = [*healed.added, *healed.changed, *healed.vanished][:NAMED]
            log.error("the watch of %s missed %d: %s", self.scope.resource, len(healed), named)

    def _wake_audit(self) -> None:
        if self._awaited is not None and self._complete_until() >= self._awaited[0]:
            self._awaited[1].set()

    @contextmanager
    def _noting_deletions(self) -> Iterator[set[str]]:
        """Note deletions of the watch: a list in progress may show such an object."""
        deleted: set[str] = set()
        self._deletions.append(deleted)
        try:
            yield deleted
        finally:
            self._deletions = [other for other in self._deletions if other is not deleted]

    def _note_deletion(self, meta: Meta) -> None:
        for deleted in self._deletions:
            deleted.add(meta.uid)

    def _complete_until(self) -> int:
        return self._store.complete_until(self.scope.namespace)

    def _report(self, bad: Unreadable) -> None:
        self.counts["unreadable"] += 1
        self._unreadable(self.scope, bad)

    def _hear(self) -> None:
        self._heard = self._client.clock.now()
