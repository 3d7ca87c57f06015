"""
What the Job controller says when it cannot make a pod.

It tells that in Events only, so they are read, but seldom: for Jobs that have waited for a
pod for a while, each at most every few seconds.
"""

from typing import Any

import msgspec

from headrace.cluster.client import Client
from headrace.cluster.errors import ClusterError
from headrace.cluster.resources import CORE_EVENTS, Scope
from headrace.engine.run import Sighting
from headrace.manifests.kube import Meta

PATIENCE_SECONDS = 2.0
"""A pod is made within milliseconds; after this, something is in the way."""
AGAIN_SECONDS = 15.0


class EventView(msgspec.Struct, frozen=True):
    """An Event, as far as it is read."""

    metadata: Meta
    reason: str = ""
    message: str = ""
    series: dict[str, Any] | None = None


class FailedCreates:
    """The newest FailedCreate message of each Job, asked for seldom."""

    def __init__(self, client: Client) -> None:
        """Start with nothing asked."""
        self._client = client
        self._asked: dict[str, tuple[float, str | None]] = {}
        self._first: dict[str, float] = {}

    async def about(self, namespace: str, sighting: Sighting) -> str | None:
        """Return what keeps a Job from having a pod, or None if nothing is known."""
        now = self._client.clock.now()
        first = self._first.setdefault(sighting.job, now)
        if now - first < PATIENCE_SECONDS:
            return None
        asked, words = self._asked.get(sighting.job, (float("-inf"), None))
        if now - asked >= AGAIN_SECONDS:
            words = await self._ask(namespace, sighting.job)
            self._asked[sighting.job] = (now, words)
            self._trim()
        return words

    async def _ask(self, namespace: str, job: str) -> str | None:
        fields = f"involvedObject.kind=Job,involvedObject.name={job},reason=FailedCreate"
        scope = Scope(CORE_EVENTS, namespace, fields=fields)
        newest: EventView | None = None
        try:
            async for page in self._client.pages(scope, EventView):
                for event in page.objects:
                    if newest is None or event.metadata.version > newest.metadata.version:
                        newest = event
        except ClusterError:
            return None  # Without the words the task still waits with a reason: Starting.
        return newest.message if newest is not None else None

    def _trim(self) -> None:
        """Forget the oldest, so that a controller that lives for months stays small."""
        for known in (self._asked, self._first):
            while len(known) > 1000:  # noqa: PLR2004 - far more than wait at a time
                known.pop(next(iter(known)))
