"""
Of which namespaces turns may be given now: those whose objects are all known, while we lead.

A namespace that cannot be read holds back its own keys and nobody else's. What is asked for in a
namespace that is not open is not kept: when it opens, all that is in it is asked for.
Does not know what a turn does, or what is in a namespace.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from headrace.kube.informer import Informer

log = logging.getLogger(__name__)

EVERYWHERE = ""
"""The name that stands for all namespaces, where they are watched together."""


class Openings:
    """The namespaces that are open."""

    def __init__(
        self,
        informers: Mapping[str, Sequence[Informer[Any]]],
        opened: Callable[[str], None],
    ) -> None:
        """
        Begin with none open.

        Args:
            informers: Those of each namespace that is watched, or of `EVERYWHERE`.
            opened: Called with each namespace that opens.

        """
        self.informers = informers
        self._opened = opened
        self._open: set[str] = set()

    def __contains__(self, namespace: str) -> bool:
        return EVERYWHERE in self._open or namespace in self._open

    async def open(self, namespace: str) -> None:
        """Open a namespace, once the caches show what the leader before has written in it."""
        for informer in self.informers[namespace]:
            await informer.synced.wait()
        for informer in self.informers[namespace]:
            await informer.refresh()
        self._open.add(namespace)
        log.info("leading in %s", namespace or "all namespaces")
        self._opened(namespace)
