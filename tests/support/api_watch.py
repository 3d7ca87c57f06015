"""Watches of the API server in memory: events as lines of JSON, bookmarks, and errors."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from support.api_refusals import RefusalError, expired
from support.api_storage import Change, Object, Storage

BOOKMARK_SECONDS: Final = 60.0
LAST_BOOKMARK_SECONDS: Final = 2.0
SECONDS: Final = 1800.0  # How long a watch lasts that names no time.


class Watches:
    """All watches on a storage."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._error: RefusalError | None = None
        self._breaks = 0

    def break_off(self, error: RefusalError) -> None:
        """Send an ERROR event to all who watch now, and end their watches."""
        self._error = error
        self._breaks += 1
        self._storage.wake()

    async def lines(
        self, matches: Callable[[Object], bool], resource: Any, query: dict[str, str]
    ) -> AsyncIterator[bytes]:
        """Tell the changes of a kind's objects that match, as the query says."""
        storage, clock = self._storage, asyncio.get_running_loop().time
        breaks = self._breaks
        end = clock() + float(query.get("timeoutSeconds") or SECONDS)
        bookmark = _next_bookmark(clock(), end)
        told = int(query.get("resourceVersion") or 0)
        if told == 0:
            told = storage.version
            for item in filter(matches, storage.all(resource)):
                yield _line("ADDED", item)
        while clock() < end:
            if told < storage.oldest:  # It begins too late, or its reader is too slow.
                yield _line("ERROR", expired(f"too old resource version: {told}").status)
                return
            for change in storage.since(told):
                told = change.version
                if change.resource == resource and (line := _told(change, matches)):
                    yield line
            if breaks != self._breaks and self._error is not None:
                yield _line("ERROR", self._error.status)
                return
            if clock() >= bookmark:
                bookmark = _next_bookmark(clock(), end)
                yield _line("BOOKMARK", _mark(resource, told))
            if not storage.since(told):
                await _wait(storage, min(bookmark, end) - clock())


def _next_bookmark(now: float, end: float) -> float:
    """Bookmarks come each minute, and a moment before the end."""
    last = end - LAST_BOOKMARK_SECONDS
    return min(now + BOOKMARK_SECONDS, last if now < last else end)


async def _wait(storage: Storage, seconds: float) -> None:
    try:
        async with asyncio.timeout(max(0.0, seconds)):
            await storage.news()
    except TimeoutError:
        pass


def _told(change: Change, matches: Callable[[Object], bool]) -> bytes | None:
    """Return what those who see only some objects are told of a change."""
    was = change.before is not None and matches(change.before)
    now = change.after is not None and matches(change.after)
    if now:
        return _line("MODIFIED" if was else "ADDED", change.last)
    if was and change.before is not None:
        meta = {**change.before["metadata"], "resourceVersion": str(change.version)}
        return _line("DELETED", {**change.before, "metadata": meta})
    return None


def _mark(resource: Any, version: int) -> Object:
    return {
        "kind": resource.kind,
        "apiVersion": resource.api_version,
        "metadata": {"resourceVersion": str(version), "creationTimestamp": None},
    }


def _line(kind: str, item: Object) -> bytes:
    return json.dumps({"type": kind, "object": item}).encode() + b"\n"
