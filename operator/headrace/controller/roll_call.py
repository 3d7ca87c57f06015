"""
The workflows that exist, by their events; and from time to time, by a list of the API server.

kopf gets no event of a deletion between two of its watches, because the second watch goes on from
a new list. So a list is compared with the known workflows from time to time, as for other kinds.
This module does not know what happens in a turn of a workflow.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, suppress
from typing import Final

from headrace.cluster.caches import WorkflowKey
from headrace.cluster.kinds import WORKFLOWS
from headrace.controller.handlers import WorkflowChange
from headrace.kube.client import Client
from headrace.kube.errors import ClusterError
from headrace.kube.informer import AUDIT_SECONDS
from headrace.kube.objects import Projection
from headrace.kube.pace import spread
from headrace.kube.resources import Scope

GONE: Final = ("", 0)
"""The content of a workflow that is gone: nothing else is known."""

log = logging.getLogger(__name__)


class RollCall:
    """The workflows that exist."""

    def __init__(
        self, client: Client, namespaces: tuple[str, ...], notify: Callable[[WorkflowChange], None]
    ) -> None:
        """
        Know no workflow yet.

        Args:
            client: Lists workflows.
            namespaces: Where to look; empty: everywhere.
            notify: Called with each change that no event has reported.

        """
        self._client = client
        self._namespaces = namespaces or ("",)
        self._notify = notify
        self._known: dict[WorkflowKey, tuple[str, int]] = {}
        self._asked = asyncio.Event()

    def __iter__(self) -> Iterator[WorkflowKey]:
        return iter(tuple(self._known))

    def note(self, change: WorkflowChange) -> bool:
        """Note a change of a workflow, and return whether its author made the change."""
        key = WorkflowKey(change.namespace, change.name)
        if change.gone:
            self._known.pop(key, None)
            return True
        changed = self._known.get(key) != change.content
        self._known[key] = change.content
        return changed

    def forget(self, key: WorkflowKey) -> None:
        """Note that a workflow is gone, with all that belonged to it."""
        self._known.pop(key, None)

    def ask(self) -> None:
        """Call the roll at once: events were surely missed."""
        self._asked.set()

    async def run(self) -> None:
        """Call the roll from time to time, until cancelled."""
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
        """Compare the known workflows with a list, except those that change meanwhile."""
        before = dict(self._known)
        listed = {WorkflowKey(item.namespace, item.name): item async for item in self._listed()}
        calm = {
            key for key in before.keys() | listed.keys() if before.get(key) == self._known.get(key)
        }
        for key in calm & listed.keys():
            if before.get(key) != listed[key].content:
                self._notify(listed[key])
        for key in calm - listed.keys():
            log.warning("workflow %s/%s is gone, but no event has said so", key.namespace, key.name)
            self._notify(WorkflowChange(key.namespace, key.name, "", GONE, gone=True))

    async def _listed(self) -> AsyncIterator[WorkflowChange]:
        for namespace in self._namespaces:
            listing = self._client.pages(Scope(WORKFLOWS, namespace), Projection)
            async with aclosing(listing) as pages:
                async for page in pages:
                    for item in page.objects:
                        meta = item.metadata
                        content = (meta.uid, meta.generation)
                        yield WorkflowChange(*meta.key, meta.resource_version, content, gone=False)
