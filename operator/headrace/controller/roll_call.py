"""
Which workflows there are, as far as somebody has told; and now and then, who of them is missing.

kopf is told nothing of a deletion that falls between two of its watches (its own watches go on from
a new list then). So the API server is asked every now and then, as for all other kinds.
Does not know what becomes of a workflow that is looked at.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, suppress
from typing import Final

from headrace.cluster.caches import WorkflowKey
from headrace.cluster.kinds import WORKFLOWS
from headrace.controller.handlers import Told
from headrace.kube.client import Client
from headrace.kube.errors import ClusterError
from headrace.kube.informer import AUDIT_SECONDS
from headrace.kube.objects import Projection
from headrace.kube.pace import spread
from headrace.kube.resources import Scope

GONE: Final = ("", 0)
"""The content of a workflow of which nothing else is known than that it is gone."""

log = logging.getLogger(__name__)


class RollCall:
    """The workflows that there are."""

    def __init__(
        self, client: Client, namespaces: tuple[str, ...], told: Callable[[Told], None]
    ) -> None:
        """
        Know none yet.

        Args:
            client: To ask.
            namespaces: Where to look; empty: everywhere.
            told: Told what nobody has told before, as if somebody had.

        """
        self._client = client
        self._namespaces = namespaces or ("",)
        self._tell = told
        self._known: dict[WorkflowKey, tuple[str, int]] = {}
        self._asked = asyncio.Event()

    def __iter__(self) -> Iterator[WorkflowKey]:
        return iter(tuple(self._known))

    def note(self, told: Told) -> bool:
        """Note what was told of a workflow, and return whether its author changed anything."""
        key = WorkflowKey(told.namespace, told.name)
        if told.gone:
            self._known.pop(key, None)
            return True
        changed = self._known.get(key) != told.content
        self._known[key] = told.content
        return changed

    def forget(self, key: WorkflowKey) -> None:
        """Note that nothing is left of a workflow."""
        self._known.pop(key, None)

    def ask(self) -> None:
        """Call the roll at once: something was surely missed."""
        self._asked.set()

    async def run(self) -> None:
        """Call the roll every now and then, until cancelled."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(spread(AUDIT_SECONDS, self._client.random)):
                    await self._asked.wait()
            self._asked.clear()
            try:
                await self.call()
            except ClusterError as error:
                log.warning("audit of %s: %s", WORKFLOWS.plural, error)

    async def call(self) -> None:
        """Compare what is known with a list, but for what is told while the list is read."""
        before = dict(self._known)
        there = {WorkflowKey(each.namespace, each.name): each async for each in self._listed()}
        calm = {
            key for key in before.keys() | there.keys() if before.get(key) == self._known.get(key)
        }
        for key in calm & there.keys():
            if before.get(key) != there[key].content:
                self._tell(there[key])
        for key in calm - there.keys():
            log.warning("workflow %s/%s is gone, but no event has said so", key.namespace, key.name)
            self._tell(Told(key.namespace, key.name, "", GONE, gone=True))

    async def _listed(self) -> AsyncIterator[Told]:
        for namespace in self._namespaces:
            listing = self._client.pages(Scope(WORKFLOWS, namespace), Projection)
            async with aclosing(listing) as pages:
                async for page in pages:
                    for item in page.objects:
                        meta = item.metadata
                        content = (meta.uid, meta.generation)
                        yield Told(*meta.key, meta.resource_version, content, gone=False)
