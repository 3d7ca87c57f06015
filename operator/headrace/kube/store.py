"""
What is known of the objects of one kind: a cache that never goes back in time.

It learns from the answers to our own writes at once, from the watch later, and from a list now and
then. The larger resourceVersion is the truth, whoever brings it; so a decision is never made on
something older than our own last write. What was deleted is remembered until told to forget.
Does not know where objects come from, or what they mean.
"""

import logging
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic

from headrace.kube.objects import Meta, ObjectT

Key = tuple[str, str]
"""Namespace and name."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Listing(Generic[ObjectT]):
    """What a whole LIST said: all that there was of a kind at one resourceVersion."""

    namespace: str
    """The namespace that was listed; empty: all of them."""
    objects: Collection[ObjectT]
    version: int
    unreadable: Collection[Key] = ()
    """Objects that are there, but could not be decoded."""


@dataclass(frozen=True, slots=True)
class Healed:
    """What a list showed that the store did not know."""

    added: tuple[Key, ...] = ()
    changed: tuple[Key, ...] = ()
    vanished: tuple[Key, ...] = ()

    def __len__(self) -> int:
        return len(self.added) + len(self.changed) + len(self.vanished)


class Index(Generic[ObjectT]):
    """Finds objects by the keys that a function gives them, each found in constant time."""

    def __init__(self, keys_of: Callable[[ObjectT], Iterable[Hashable]]) -> None:
        """Take the function; it must be pure."""
        self._keys_of = keys_of
        self._groups: dict[Hashable, dict[str, ObjectT]] = {}

    def keys_of(self, item: ObjectT) -> frozenset[Hashable]:
        """Return the keys of an object; none, if the function fails on it."""
        try:
            return frozenset(self._keys_of(item))
        except Exception:
            # One odd object must not stop the others. It is kept, and found by name only.
            log.exception("no index keys for %s", "/".join(item.metadata.key))
            return frozenset()

    def add(self, item: ObjectT, keys: Iterable[Hashable]) -> None:
        """Make an object found by these keys."""
        for key in keys:
            self._groups.setdefault(key, {})[item.metadata.uid] = item

    def drop(self, item: ObjectT, keys: Iterable[Hashable]) -> None:
        """Let an object no longer be found by these keys."""
        for key in keys:
            group = self._groups.get(key, {})
            group.pop(item.metadata.uid, None)
            if not group:
                self._groups.pop(key, None)

    def find(self, key: Hashable) -> tuple[ObjectT, ...]:
        """Return the objects with this key, in the order in which they became known."""
        return tuple(self._groups.get(key, {}).values())


def _nothing(_old: object, _new: object) -> None:
    pass


def _always(_namespace: str) -> bool:
    return True


def _no_keys(_item: object) -> Iterable[Hashable]:
    return ()


class Store(Generic[ObjectT]):
    """A write-through cache of one kind, in one process."""

    def __init__(
        self,
        into: type[ObjectT],
        index: Callable[[ObjectT], Iterable[Hashable]] = _no_keys,
        changed: Callable[[ObjectT | None, ObjectT | None], None] = _nothing,
        remembers: Callable[[str], bool] = _always,
    ) -> None:
        """
        Start empty.

        Args:
            into: The projection that is kept.
            index: Pure; under which keys an object is found, e.g. the run that it belongs to.
            changed: Told old and new after each change; None is "was not there", "is gone".
            remembers: Whether what is deleted in a namespace is remembered. If nobody acts on what
                is there, nobody would tell to forget it either.

        """
        self.into = into
        self._changed = changed
        self._remembers = remembers
        self._objects: dict[Key, ObjectT] = {}
        self._index: Index[ObjectT] = Index(index)
        self._dead: dict[str, ObjectT] = {}  # By uid.
        self._dead_index: Index[ObjectT] = Index(index)
        self._told: dict[str, int] = {}  # By namespace listed: all up to here has been told.

    def __len__(self) -> int:
        return len(self._objects)

    def __iter__(self) -> Iterator[ObjectT]:
        return iter(tuple(self._objects.values()))

    def get(self, namespace: str, name: str) -> ObjectT | None:
        """Return an object, or None if it is not known."""
        return self._objects.get((namespace, name))

    def known(self, item: ObjectT) -> ObjectT:
        """Return an object as it is kept, if that is this very version of it; else as it is."""
        old = self._objects.get(item.metadata.key)
        if old is None or _identity(old.metadata) != _identity(item.metadata):
            return item
        return old

    def by_index(self, key: Hashable) -> tuple[ObjectT, ...]:
        """Return the objects that the index finds under this key."""
        return self._index.find(key)

    def tombstones_by_index(self, key: Hashable) -> tuple[ObjectT, ...]:
        """Return the deleted objects under this key as they last were, until they are forgotten."""
        return self._dead_index.find(key)

    def forget(self, key: Hashable) -> None:
        """Forget the deleted objects under this key: what they told is recorded elsewhere now."""
        for dead in self._dead_index.find(key):
            self._forget(dead)

    def forget_all(self) -> None:
        """Forget all deleted objects: somebody else acts on what is here."""
        for dead in tuple(self._dead.values()):
            self._forget(dead)

    def told(self, namespace: str = "") -> int:
        """Return the resourceVersion up to which watch and lists have told everything."""
        return self._told.get(namespace, 0)

    def advance(self, namespace: str, version: int) -> None:
        """Note that everything up to this resourceVersion has been told."""
        self._told[namespace] = max(version, self.told(namespace))

    def put(self, new: ObjectT) -> bool:
        """
        Take an object as the API server showed it, in the answer to a write or on the watch.

        Returns False if it is not kept, because the store knows better: a later version, or that it
        is dead. An answer may come after the news of the deletion; then the object is remembered as
        deleted, even if it was never known alive.
        """
        old = self._objects.get(new.metadata.key)
        told = max(self.told(), self.told(new.metadata.namespace))
        if new.metadata.uid in self._dead or _at_least(old, new):
            return False
        if old is None and new.metadata.version <= told:
            self._mourn(new)
            self._changed(new, None)
            return False
        self._keep(old, new)
        return True

    def remove(self, gone: Meta, last: ObjectT | None = None) -> bool:
        """
        Take it that an object is deleted, as the watch tells; `last` is how it was at its end.

        Returns False, and changes nothing, if it is not known, or another has its name by now.
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
        Make the store agree with a list, and say in what it did not.

        What is not in the list is deleted, unless it is newer than the list (by a write of ours).
        What has one of the uids in `deleted` does not come back: it went after the list was made.
        With `rewound` the list is right in everything, also where it is older: the API server went
        back in time, because it was restored from a backup.
        """
        if rewound:
            self._told.pop(listing.namespace, None)
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
        keys = self._index.keys_of(new)  # First: if it fails, nothing has changed.
        if old is not None and old.metadata.uid != new.metadata.uid:
            self._bury(old, old)
        elif old is not None:
            self._index.drop(old, self._index.keys_of(old) - keys)
        self._objects[new.metadata.key] = new
        self._index.add(new, keys)
        self._changed(old, new)

    def _bury(self, old: ObjectT, last: ObjectT) -> None:
        keys = self._index.keys_of(old)
        del self._objects[old.metadata.key]
        self._index.drop(old, keys)
        self._mourn(last)

    def _mourn(self, dead: ObjectT) -> None:
        keys = self._dead_index.keys_of(dead)
        # Without keys nobody could ask for it, nor forget it.
        if keys and self._remembers(dead.metadata.namespace):
            self._dead[dead.metadata.uid] = dead
            self._dead_index.add(dead, keys)

    def _forget(self, dead: ObjectT) -> None:
        del self._dead[dead.metadata.uid]
        self._dead_index.drop(dead, self._dead_index.keys_of(dead))

    def _resurrect(self, item: ObjectT) -> None:
        dead = self._dead.get(item.metadata.uid)
        if dead is not None:
            self._forget(dead)


def _identity(meta: Meta) -> tuple[str, str]:
    return meta.uid, meta.resource_version


def _at_least(old: ObjectT | None, new: ObjectT) -> bool:
    return old is not None and old.metadata.version >= new.metadata.version
