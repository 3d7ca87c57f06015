"""
The rotation of groups that share one queue: each group in turn, each key in its order.

A group with thousands of keys delays the only key of another group by one turn, not by thousands.
A key in a hurry goes before all others of its group, but between two of them comes another one: so
nobody waits for ever. Does not know the keys, or who waits for them.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


@dataclass(slots=True)
class _Group(Generic[K]):
    """The waiting keys of a group, in their order. A key is in one of the two lines."""

    hurried: OrderedDict[K, None] = field(default_factory=OrderedDict)
    others: OrderedDict[K, None] = field(default_factory=OrderedDict)
    yields: bool = False
    """Whether the last key was in a hurry, so that another one comes next."""

    def __bool__(self) -> bool:
        return bool(self.hurried or self.others)

    def pop(self) -> K:
        """Remove and return the next key."""
        hurries = bool(self.hurried) and not (self.yields and self.others)
        self.yields = hurries
        key, _ = (self.hurried if hurries else self.others).popitem(last=False)
        return key


class Rotation(Generic[K]):
    """Waiting keys, by group."""

    def __init__(self, group_of: Callable[[K], Hashable]) -> None:
        """Start empty; `group_of` returns the group of a key."""
        self._group_of = group_of
        self._groups: dict[Hashable, _Group[K]] = {}  # In the order of their turns; not empty.

    def push(self, key: K) -> None:
        """Add a key behind all others of its group."""
        group = self._group(key)
        if key not in group.hurried:
            group.others[key] = None

    def hurry(self, key: K) -> None:
        """Add a key, or move one that waits, before all of its group that are in no hurry."""
        group = self._group(key)
        group.others.pop(key, None)
        group.hurried[key] = None

    def pop(self) -> K:
        """Remove and return the next key. Its group then comes after all others."""
        name, group = next(iter(self._groups.items()))
        del self._groups[name]
        key = group.pop()
        if group:
            self._groups[name] = group
        return key

    def _group(self, key: K) -> _Group[K]:
        return self._groups.setdefault(self._group_of(key), _Group())
