"""
Events for `kubectl describe`. An Event is never the only record of a fact.

Names are derived, so a repeated event is one Event. Decides nothing, and ignores a failed write.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

from headrace.api.v1alpha1.reasons import Reason
from headrace.kube.client import Client
from headrace.kube.errors import ClusterError
from headrace.kube.objects import Meta, micro_time
from headrace.kube.resources import EVENTS, Resource
from headrace.manifests.names import short_hash

NOTE_BYTES = 1024
"""The API's limit on `note`."""

UNDER_WAY = 32
"""How many Events may be written at a time without a turn that waits for them."""


class EventRecorder:
    """Writes Events about Headrace's own objects."""

    def __init__(self, client: Client, clock: Callable[[], datetime], instance: str) -> None:
        """Write through the client, as this instance of the controller."""
        self._client = client
        self._clock = clock
        self._instance = instance
        self._under_way: set[asyncio.Task[None]] = set()

    async def tell(self, resource: Resource, about: Meta, reason: Reason, message: str) -> None:
        """Write an Event of normal progress."""
        await self._write(resource, about, reason, message, "Normal")

    async def warn(self, resource: Resource, about: Meta, reason: Reason, message: str) -> None:
        """Write an Event that deserves a look."""
        await self._write(resource, about, reason, message, "Warning")

    def warn_later(self, resource: Resource, about: Meta, reason: Reason, message: str) -> None:
        """
        Write an Event that deserves a look, without waiting: a turn has more urgent work.

        In a flood, some Events are dropped; the status has all facts.
        """
        if len(self._under_way) < UNDER_WAY:
            telling = asyncio.create_task(self.warn(resource, about, reason, message))
            self._under_way.add(telling)
            telling.add_done_callback(self._under_way.discard)

    async def _write(
        self, resource: Resource, about: Meta, reason: Reason, message: str, kind: str
    ) -> None:
        try:
            body = self._event(resource, about, reason, _cut(message), kind)
            await self._client.create(EVENTS, body, dict[str, Any], within=5.0)
        except ClusterError:
            return  # Written before, or dropped: the status has all facts.

    def _event(
        self, resource: Resource, about: Meta, reason: Reason, note: str, kind: str
    ) -> dict[str, Any]:
        now = self._clock()
        digest = short_hash(about.uid, reason, note, now.strftime("%Y-%m-%dT%H:%M"))
        return {
            "apiVersion": EVENTS.api_version,
            "kind": "Event",
            "metadata": {"name": f"{about.name}.{digest}", "namespace": about.namespace},
            "eventTime": micro_time(now),
            "reportingController": "headrace.dev/controller",
            "reportingInstance": self._instance,
            "action": "Reconcile",
            "reason": reason.value,
            "type": kind,
            "note": note,
            "regarding": {
                "apiVersion": resource.api_version,
                "kind": resource.kind,
                "name": about.name,
                "namespace": about.namespace,
                "uid": about.uid,
                "resourceVersion": about.resource_version,
            },
        }


def _cut(message: str) -> str:
    """Shorten a note to the API's limit, between two characters."""
    return message.encode()[:NOTE_BYTES].decode(errors="ignore")
