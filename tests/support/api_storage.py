"""
Where the API server in memory keeps objects: versions, history, and who waits for changes.

What etcd and the watch cache do for the real one. Knows no HTTP and no rules about objects.
"""

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from headrace.kube.resources import Resource

Object = dict[str, Any]
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """One write: the object after it and before it. An object's last version is its deletion."""

    version: int
    resource: Resource
    before: Object | None
    after: Object | None

    @property
    def last(self) -> Object:
        """The object as it is, or as it was when it was deleted."""
        found = self.after or self.before
        assert found is not None
        return found


@dataclass(frozen=True, slots=True)
class Backup:
    """All objects at a version."""

    version: int
    objects: dict[Resource, dict[Key, Object]]


class Storage:
    """Objects by kind, namespace and name; each write has a version of its own."""

    def __init__(self) -> None:
        self.version = 100
        self.oldest = 0
        """Watches cannot begin before this version."""
        self._objects: dict[Resource, dict[Key, Object]] = {}
        self._history: list[Change] = []
        self._news = asyncio.Event()
        self.listeners: list[Callable[[Change], None]] = []
        """Told of each write at its moment."""

    def all(self, resource: Resource) -> list[Object]:
        """Return the objects of a kind, by namespace and name. They are not to be changed."""
        found = self._objects.get(resource, {})
        return [found[key] for key in sorted(found)]

    def everything(self) -> Iterator[tuple[Resource, Object]]:
        """Yield all objects of all kinds."""
        for resource in list(self._objects):
            for item in self.all(resource):
                yield resource, item

    def find(self, resource: Resource, key: Key) -> Object | None:
        """Return one object, not to be changed."""
        return self._objects.get(resource, {}).get(key)

    def write(self, resource: Resource, item: Object) -> Object:
        """Keep an object in the place of what has its name."""
        new = deepcopy(item)
        key = (new["metadata"].get("namespace", ""), new["metadata"]["name"])
        before = self.find(resource, key)
        new["metadata"]["resourceVersion"] = str(self.version + 1)
        self._objects.setdefault(resource, {})[key] = new
        self._record(resource, before, new)
        return new

    def erase(self, resource: Resource, key: Key) -> Object:
        """Delete an object at once; return how it was, with the version of its deletion."""
        before = deepcopy(self._objects[resource].pop(key))
        before["metadata"]["resourceVersion"] = str(self.version + 1)
        self._record(resource, before, None)
        return before

    def since(self, version: int) -> list[Change]:
        """Return all changes after a version."""
        start = bisect_right(self._history, version, key=lambda change: change.version)
        return self._history[start:]

    def compact(self) -> None:
        """Forget all history: watches that want to begin earlier than now get 410."""
        self.oldest = self.version
        self._history.clear()
        self.wake()

    def backup(self) -> Backup:
        """Return all there is now, to go back to."""
        return Backup(self.version, deepcopy(self._objects))

    def restore(self, backup: Backup) -> None:
        """Go back to an earlier state, versions included, as an etcd restored from a backup."""
        self.version = self.oldest = backup.version
        self._objects = deepcopy(backup.objects)
        self._history.clear()

    async def news(self) -> None:
        """Wait until something has changed, or somebody calls `wake`."""
        await self._news.wait()

    def wake(self) -> None:
        """Let all who wait for news look."""
        self._news.set()
        self._news = asyncio.Event()

    def _record(self, resource: Resource, before: Object | None, after: Object | None) -> None:
        self.version += 1
        change = Change(self.version, resource, before, after)
        self._history.append(change)
        for listener in self.listeners:
            listener(change)
        self.wake()
