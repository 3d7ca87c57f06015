"""
Writing statuses: each only over the object of its decision.

Knows the versions of a run's objects in a turn. A write that meets another version fails. Decides
nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from headrace.engine.task.observed import Evaluated, ObservedTask
from headrace.engine.task.obstacles import Busy, Obstacle
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
    """The memory of a run between turns."""

    uid: str
    run: Version
    """The version of the run's object in this turn."""
    looked: datetime
    items: dict[str, OwnObject] = field(default_factory=dict)
    """The TaskRuns in this turn, by task; after a write, the answer to it."""
    seen: Mapping[str, ObservedTask] = field(default_factory=dict)
    """Their states in this turn."""
    obstacles: dict[str, Obstacle] = field(default_factory=dict)
    evaluated: dict[str, Evaluated] = field(default_factory=dict)
    logged: datetime | None = None
    tasks_logged: dict[str, datetime] = field(default_factory=dict)

    def learn(self, values: Mapping[str, Evaluated | Busy]) -> None:
        """Remember the values of tasks' expressions, or why there are none yet."""
        for task, value in values.items():
            if isinstance(value, Busy):
                self.obstacles[task] = value
            else:
                self.obstacles.pop(task, None)
                self.evaluated[task] = value

    def note(self, task: str, obstacle: Obstacle | None) -> None:
        """Note how the start of a task went. From a success on, its TaskRun has its values."""
        if obstacle is not None:
            self.obstacles[task] = obstacle
        else:
            self.obstacles.pop(task, None)
            self.evaluated.pop(task, None)


@dataclass(frozen=True, slots=True)
class Status:
    """A status to write, its kind, and the cache for the answer."""

    resource: Resource
    store: Store[OwnObject]
    content: Mapping[str, object]


class StatusWriter:
    """Writes statuses of WorkflowRuns and TaskRuns."""

    def __init__(self, client: Client) -> None:
        """Write with this client."""
        self._client = client

    async def write(
        self, item: OwnObject, status: Status, version: Version | None = None
    ) -> OwnObject:
        """
        Write a status, and return its object as it is now.

        Args:
            item: The object in the cache.
            status: What to write.
            version: The object of the decision; None: `item`.

        Raises:
            StaleError: The object has changed since.

        """
        meta = item.metadata
        ref = Ref(status.resource, meta.namespace, meta.name)
        if version not in (None, version_of(meta)):
            raise StaleError(f"{ref} has changed")
        # No two objects of a cluster ever have the same resourceVersion. A uid would not help: the
        # API server ignores it in a write of a custom resource's status.
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
        return written


def version_of(meta: Meta) -> Version:
    """Return the identity and version of an object."""
    return meta.uid, meta.resource_version
