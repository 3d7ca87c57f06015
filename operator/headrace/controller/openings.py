"""
The namespaces that are open for turns: while we lead, those with complete caches.

A namespace that cannot be read holds back only its own keys. A request for a turn in a closed
namespace is dropped: when a namespace opens, all its keys get a turn. This module does not know
what a turn does, or which objects a namespace has.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from headrace.kube.informer import Informer

log = logging.getLogger(__name__)

EVERYWHERE = ""
"""The name that stands for all namespaces, if one watch covers them."""


class Openings:
    """The namespaces that are open."""

    def __init__(
        self,
        informers: Mapping[str, Sequence[Informer[Any]]],
        opened: Callable[[str], None],
    ) -> None:
        """
        Begin with no open namespace.

        Args:
            informers: The informers of each watched namespace, or of `EVERYWHERE`.
            opened: Called with each namespace that opens.

        """
        self.informers = informers
        self._opened = opened
        self._open: set[str] = set()

    def __contains__(self, namespace: str) -> bool:
        return EVERYWHERE in self._open or namespace in self._open

    async def open(self, namespace: str) -> None:
        """Open a namespace, once the caches show the writes of the previous leader."""
        for informer in self.informers[namespace]:
            await informer.synced.wait()
        for informer in self.informers[namespace]:
            if informer.scope.resource.namespaced:  # Headrace writes no others.
                await informer.refresh()
        self._open.add(namespace)
        log.info("leading in %s", namespace or "all namespaces")
        self._opened(namespace)
