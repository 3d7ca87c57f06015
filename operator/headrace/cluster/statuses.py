"""
Writing statuses: each only over the very object that was decided upon.

Knows what a turn saw of a run's objects, and what becomes of a write that meets another one.
Decides nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from headrace.engine.task.observed import ObservedTask, Obstacle
from headrace.kube.client import Client
from headrace.kube.errors import ApiError, StaleError, conflict, not_found
from headrace.kube.objects import Meta
from headrace.kube.resources import Ref, Resource
from headrace.kube.store import Store
from headrace.manifests.kube import OwnObject

Version = tuple[str, str]
"""The uid of an object and its resourceVersion."""


@dataclass(slots=True)
class Memory:
    """What is remembered of a run from one turn to the next."""

    uid: str
    run: Version
    """The run's object as it was when it was looked at."""
    looked: datetime
    tasks: dict[str, Version] = field(default_factory=dict)
    """The TaskRuns as they were when they were looked at, by task."""
    seen: dict[str, ObservedTask] = field(default_factory=dict)
    """How they stood at that moment."""
    obstacles: dict[str, Obstacle] = field(default_factory=dict)
    logged: datetime | None = None
    tasks_logged: dict[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Status:
    """A status that is to be written, of which kind, and into which cache the answer goes."""

    resource: Resource
    store: Store[OwnObject]
    content: Mapping[str, object]


class StatusWriter:
    """Writes statuses of WorkflowRuns and TaskRuns."""

    def __init__(self, client: Client) -> None:
        """Write by this client."""
        self._client = client

    async def write(
        self, item: OwnObject, status: Status, version: Version | None = None
    ) -> Version:
        """
        Write a status, and return which object it is in now.

        Args:
            item: The object as it is known now.
            status: What to write.
            version: The object that was decided upon; None: `item`.

        Raises:
            StaleError: It is not that one any more.

        """
        meta = item.metadata
        ref = Ref(status.resource, meta.namespace, meta.name)
        if version not in (None, version_of(meta)):
            raise StaleError(f"{ref} has changed")
        # No two objects of a cluster ever have the same resourceVersion. A uid would not help: in a
        # write of a custom resource's status, the API server does not look at it.
        body = {"metadata": {"resourceVersion": meta.resource_version}, "status": status.content}
        try:
            written = await self._client.patch_status(ref, body, OwnObject)
        except ApiError as error:
            if not_found(error):
                status.store.remove(meta)
            elif conflict(error):
                status.store.put(await self._client.get(ref, OwnObject))
            else:
                raise
            raise StaleError(f"{ref} has changed") from error
        status.store.put(written)
        return version_of(written.metadata)


def version_of(meta: Meta) -> Version:
    """Return which object this is, and at which moment."""
    return meta.uid, meta.resource_version
