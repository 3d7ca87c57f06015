"""
A cache of the objects of one kind, which never goes back in time.

The answers to our own writes update it at once, the watch later, and a list from time to time. The
larger resourceVersion always wins, so no decision sees an object older than our own last write.
Deleted objects are remembered until a caller forgets them. Does not know the source or the meaning
of objects.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic

from headrace.kube.index import Index
from headrace.kube.objects import Meta, ObjectT

Key = tuple[str, str]
"""Namespace and name."""


@dataclass(frozen=True, slots=True)
class Listing(Generic[ObjectT]):
    """A whole LIST: all objects of a kind at one resourceVersion."""

    namespace: str
    """The namespace that was listed; empty: all of them."""
    objects: Collection[ObjectT]
    version: int
    unreadable: Collection[Key] = ()
    """Existing objects that could not be decoded."""


@dataclass(frozen=True, slots=True)
class Healed:
    """The differences between a list and the store."""

    added: tuple[Key, ...] = ()
    changed: tuple[Key, ...] = ()
    vanished: tuple[Key, ...] = ()

    def __len__(self) -> int:
        return len(self.added) + len(self.changed) + len(self.vanished)


def either(old: ObjectT | None, new: ObjectT | None) -> ObjectT:
    """Return the object of a change, as it is or as it was."""
    item = new or old
    assert item is not None  # noqa: S101 - a change has at least one side
    return item


def _nothing(_old: object, _new: object) -> None:
    pass


def _always(_namespace: str) -> bool:
    return True


def _no_keys(_item: object) -> Iterable[Hashable]:
    return ()


def _all_of(item: object) -> object:
    return item


class Store(Generic[ObjectT]):
    """A write-through cache of one kind, in one process."""

    def __init__(
        self,
        into: type[ObjectT],
        index: Callable[[ObjectT], Iterable[Hashable]] = _no_keys,
        changed: Callable[[ObjectT | None, ObjectT | None], None] = _nothing,
        remembers: Callable[[str], bool] = _always,
        source: Callable[[ObjectT], object] = _all_of,
    ) -> None:
        """
        Start empty.

        Args:
            into: The type of the objects.
            index: A pure function: the keys of an object, e.g. the run that it belongs to.
            changed: Called with old and new after each change; None is "did not exist" or "is
                gone".
            remembers: Whether deleted objects of a namespace are remembered. Without a leader
                there, nobody would ever forget them.
            source: A pure function: all that `index` reads of an object, besides its namespace and
                name.

        """
        self.into = into
        self._changed = changed
        self._remembers = remembers
        self._objects: dict[Key, ObjectT] = {}
        self._index: Index[ObjectT, Key] = Index(index, source)
        self._dead: dict[str, ObjectT] = {}  # By uid.
        self._dead_index: Index[ObjectT, str] = Index(index, source)
        self._complete_until: dict[str, int] = {}  # By listed namespace.

    def __len__(self) -> int:
        return len(self._objects)

    def __iter__(self) -> Iterator[ObjectT]:
        return iter(tuple(self._objects.values()))

    def get(self, namespace: str, name: str) -> ObjectT | None:
        """Return an object, or None if it is unknown."""
        return self._objects.get((namespace, name))

    def known(self, item: ObjectT) -> ObjectT:
        """Return the kept object if it has the same version; else the argument."""
        old = self._objects.get(item.metadata.key)
        if old is None or _identity(old.metadata) != _identity(item.metadata):
            return item
        return old

    def by_index(self, key: Hashable) -> tuple[ObjectT, ...]:
        """Return the objects that the index finds under this key."""
        return tuple(map(self._objects.__getitem__, self._index.find(key)))

    def tombstones_by_index(self, key: Hashable) -> tuple[ObjectT, ...]:
        """Return the last state of deleted objects under this key, until they are forgotten."""
        if not self._dead:  # Most of the time, and each turn asks for each of its tasks.
            return ()
        return tuple(self._dead[uid] for uid in self._dead_index.find(key))

    def forget(self, key: Hashable) -> None:
        """Forget the deleted objects under this key: their facts are recorded elsewhere now."""
        for dead in self.tombstones_by_index(key):
            self._forget(dead)

    def forget_all(self) -> None:
        """Forget all deleted objects: another process leads now."""
        for dead in tuple(self._dead.values()):
            self._forget(dead)

    def complete_until(self, namespace: str = "") -> int:
        """Return the resourceVersion up to which the store has all events."""
        return self._complete_until.get(namespace, 0)

    def advance(self, namespace: str, version: int) -> None:
        """Note that the store has all events up to this resourceVersion."""
        if version > self.complete_until(namespace):
            self._complete_until[namespace] = version

    def _latest(self, namespace: str) -> int:
        return max(self.complete_until(), self.complete_until(namespace))

    def put(self, new: ObjectT) -> bool:
        """
        Take an object from the API server: the answer to a write, or an event of the watch.

        Returns False if the store keeps something newer: a later version, or its deletion. An
        answer may arrive after the event of the deletion; then the object is remembered as deleted,
        even if it was never in the store.
        """
        old = self._objects.get(new.metadata.key)
        if new.metadata.uid in self._dead or _at_least(old, new):
            return False
        if old is None and new.metadata.version <= self._latest(new.metadata.namespace):
            self._mourn(new)
            self._changed(new, None)
            return False
        self._keep(old, new)
        return True

    def remove(self, gone: Meta, last: ObjectT | None = None) -> bool:
        """
        Take the deletion of an object from the watch; `last` is its last state.

        Returns False, and changes nothing, if the object is unknown, or another one has its name
        now.
        """
        old = self._objects.get(gone.key)
        if old is None or (old.metadata.uid != gone.uid and old.metadata.version > gone.version):
            return False
        self._bury(old, last or old)
        self._changed(old, None)
        return True

    def replace(
        self, listing: Listing[ObjectT], deleted: Collection[str] = (), *, rewound: bool = False
    ) -> Healed:
        """
        Replace the content by a list, and return the differences.

        An object that is not in the list is deleted, unless it is newer than the list (by a write
        of ours). An object with a uid in `deleted` does not return: it was deleted after the list.
        With `rewound` the list always wins, even if it is older: the API server was restored from a
        backup.
        """
        if rewound:
            self._complete_until.pop(listing.namespace, None)
        added, changed = self._take(listing, deleted, rewound=rewound)
        vanished = self._drop_unlisted(listing, rewound=rewound)
        self.advance(listing.namespace, listing.version)
        return Healed(added, changed, vanished)

    def _take(
        self, listing: Listing[ObjectT], deleted: Collection[str], *, rewound: bool
    ) -> tuple[tuple[Key, ...], tuple[Key, ...]]:
        added: list[Key] = []
        changed: list[Key] = []
        for new in listing.objects:
            old = self._objects.get(new.metadata.key)
            if rewound:
                self._resurrect(new)
                known = old == new
            else:
                uid = new.metadata.uid
                ended = uid in self._dead or (old is None and uid in deleted)
                known = ended or _at_least(old, new)
            if not known:
                (added if old is None else changed).append(new.metadata.key)
                self._keep(old, new)
        return tuple(added), tuple(changed)

    def _drop_unlisted(self, listing: Listing[ObjectT], *, rewound: bool) -> tuple[Key, ...]:
        listed = {item.metadata.key for item in listing.objects} | set(listing.unreadable)
        vanished = []
        for old in self:
            meta = old.metadata
            inside = listing.namespace in ("", meta.namespace)
            if inside and meta.key not in listed and (rewound or meta.version <= listing.version):
                vanished.append(meta.key)
                self._bury(old, old)
                self._changed(old, None)
        return tuple(vanished)

    def _keep(self, old: ObjectT | None, new: ObjectT) -> None:
        if old is None or old.metadata.uid != new.metadata.uid or not self._index.same(old, new):
            self._index_anew(old, new)
        self._objects[new.metadata.key] = new
        self._changed(old, new)

    def _index_anew(self, old: ObjectT | None, new: ObjectT) -> None:
        keys, name = self._index.keys_of(new), new.metadata.key
        if old is not None and old.metadata.uid != new.metadata.uid:
            self._bury(old, old)
        elif old is not None:
            self._index.drop(name, self._index.keys_of(old) - keys)
        self._index.add(name, keys)

    def _bury(self, old: ObjectT, last: ObjectT) -> None:
        del self._objects[old.metadata.key]
        self._index.drop(old.metadata.key, self._index.keys_of(old))
        self._mourn(last)

    def _mourn(self, dead: ObjectT) -> None:
        keys = self._dead_index.keys_of(dead)
        # Without keys, nobody could ask for it or forget it.
        if keys and self._remembers(dead.metadata.namespace):
            self._dead[dead.metadata.uid] = dead
            self._dead_index.add(dead.metadata.uid, keys)

    def _forget(self, dead: ObjectT) -> None:
        uid = dead.metadata.uid
        del self._dead[uid]
        self._dead_index.drop(uid, self._dead_index.keys_of(dead))

    def _resurrect(self, item: ObjectT) -> None:
        dead = self._dead.get(item.metadata.uid)
        if dead is not None:
            self._forget(dead)


def _identity(meta: Meta) -> tuple[str, str]:
    return meta.uid, meta.resource_version


def _at_least(old: ObjectT | None, new: ObjectT) -> bool:
    return old is not None and old.metadata.version >= new.metadata.version
