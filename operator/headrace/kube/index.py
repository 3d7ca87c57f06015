"""
An index of a store: names of objects by keys.

Does not know the meaning of keys, or where objects are.
"""

import logging
from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

from headrace.kube.objects import ObjectT

NameT = TypeVar("NameT", bound=Hashable)

log = logging.getLogger(__name__)


class Index(Generic[ObjectT, NameT]):
    """
    Finds names of objects by keys in constant time. A function gives the keys of an object.

    Most events change a status only, so keys are derived again only when their source has changed.
    """

    def __init__(
        self,
        keys_of: Callable[[ObjectT], Iterable[Hashable]],
        source: Callable[[ObjectT], object],
    ) -> None:
        """
        Use these functions, which must be pure.

        Args:
            keys_of: The keys of an object.
            source: All that `keys_of` reads of an object, besides its namespace and name.

        """
        self._keys_of = keys_of
        self._source = source
        self._groups: dict[Hashable, dict[NameT, None]] = {}

    def keys_of(self, item: ObjectT) -> frozenset[Hashable]:
        """Return the keys of an object; no keys if the function fails."""
        try:
            return frozenset(self._keys_of(item))
        except Exception:
            # An odd object must not stop the others. It is kept, and can be found by name only.
            log.exception("no index keys for %s", "/".join(item.metadata.key))
            return frozenset()

    def same(self, one: ObjectT, other: ObjectT) -> bool:
        """Return whether two objects have the same keys for sure."""
        return self._source(one) == self._source(other)

    def add(self, name: NameT, keys: Iterable[Hashable]) -> None:
        """Add a name under these keys."""
        for key in keys:
            self._groups.setdefault(key, {})[name] = None

    def drop(self, name: NameT, keys: Iterable[Hashable]) -> None:
        """Remove a name from these keys."""
        for key in keys:
            group = self._groups.get(key, {})
            group.pop(name, None)
            if not group:
                self._groups.pop(key, None)

    def find(self, key: Hashable) -> Iterable[NameT]:
        """Return the names under this key, in the order of their arrival."""
        return self._groups.get(key, ())
