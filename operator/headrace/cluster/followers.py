"""
Who follows whom: the workflows that start a run when a run of another one ends.

Knows keys only. The last turn of each workflow says what it follows.
"""

from collections import defaultdict
from collections.abc import Collection, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class Followers(Generic[K]):
    """The followers of each workflow."""

    def __init__(self) -> None:
        """Start empty."""
        self._upstreams: dict[K, frozenset[K]] = {}
        self._followers: dict[K, set[K]] = defaultdict(set)

    def set(self, follower: K, upstreams: Collection[K]) -> None:
        """Note what a workflow follows now: perhaps nothing."""
        before, now = self._upstreams.pop(follower, frozenset()), frozenset(upstreams)
        for gone in before - now:
            self._followers[gone].discard(follower)
            if not self._followers[gone]:
                del self._followers[gone]
        for new in now - before:
            self._followers[new].add(follower)
        if now:
            self._upstreams[follower] = now

    def of(self, upstream: K) -> tuple[K, ...]:
        """Return the followers of a workflow."""
        return tuple(self._followers.get(upstream, ()))
