"""
The settings, the login and the handlers of kopf: which events of workflows reach the controller.

No handler decides anything, and kopf itself writes to no object.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import kopf

from headrace.api.v1alpha1.group import GROUP, VERSION
from headrace.cluster.kinds import WORKFLOWS
from headrace.controller.metadata_only import Sessions

CHUNK: Final = 50
"""How many workflows a page of a list has: annotations may have 256 KiB each, and what the API
server notes about owners of fields as much as an object."""

IDLE_SECONDS: Final = 0.5
"""For how long kopf keeps a workflow after it has been told of."""


class NullDiffBase(kopf.DiffBaseStorage):
    """Keeps nothing: no handler compares an object with what it was before."""

    def build(self, *, body: kopf.Body, extra_fields: object = None) -> kopf.BodyEssence:  # noqa: ARG002 - kopf's shape
        """Return an essence that is always the same."""
        return kopf.BodyEssence({})

    def fetch(self, *, body: kopf.Body) -> kopf.BodyEssence | None:  # noqa: ARG002 - kopf's shape
        """Return nothing: nothing was kept."""
        return None

    def store(self, *, body: kopf.Body, patch: kopf.Patch, essence: kopf.BodyEssence) -> None:
        """Keep nothing."""


class NullProgress(kopf.ProgressStorage):
    """Keeps nothing: no handler has progress that must survive."""

    def fetch(self, *, key: str, body: kopf.Body) -> kopf.ProgressRecord | None:  # noqa: ARG002 - kopf's shape
        """Return nothing: nothing was kept."""
        return None

    def store(self, **_: Any) -> None:
        """Keep nothing."""

    def purge(self, **_: Any) -> None:
        """Keep nothing."""

    def touch(self, **_: Any) -> None:
        """Keep nothing."""

    def clear(self, *, essence: kopf.BodyEssence) -> kopf.BodyEssence:
        """Return the essence as it is: it has nothing of ours."""
        return essence


class ForEver(Collection[float]):
    """Waits between tries to reach the API server, without end."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def __iter__(self) -> Iterator[float]:
        wait = 1.0
        while True:
            yield wait * (0.5 + self._random.random())
            wait = min(wait * 2, 30.0)

    def __len__(self) -> int:
        """Return a number: kopf never asks, but a collection has one."""
        return 1

    def __contains__(self, _: object) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class WorkflowChange:
    """An event of a workflow: the object changed, or was deleted."""

    namespace: str
    name: str
    version: str
    """The resourceVersion."""
    content: tuple[str, int]
    """The uid and the generation. One of them changes when the author changes the spec."""
    gone: bool
    """Whether the workflow was deleted."""


def registry(
    notify: Callable[[WorkflowChange], object], discovered: Callable[[], object]
) -> kopf.OperatorRegistry:
    """
    Return kopf's handlers.

    Args:
        notify: Called with each change of a workflow.
        discovered: Called when kopf discovers that the API server serves workflows.

    """
    handlers = kopf.OperatorRegistry()

    def workflows(kind: kopf.Resource) -> bool:
        ours = kind.plural == WORKFLOWS.plural
        if ours:
            discovered()
        return ours

    @kopf.on.startup(registry=handlers)
    async def start(settings: kopf.OperatorSettings, **_: object) -> None:
        configure(settings)

    def credentials(**context: Any) -> kopf.ConnectionInfo | None:
        # In a pod the official client is not there, and not needed.
        return kopf.login_with_service_account(**context) or kopf.login_via_client(**context)

    sessions = Sessions(credentials)

    @kopf.on.login(registry=handlers)
    async def login(**context: Any) -> kopf.AiohttpSession | None:
        return await sessions.log_in(**context)

    @kopf.on.event(workflows, group=GROUP, version=VERSION, registry=handlers)
    async def workflow_changed(
        namespace: str | None,
        name: str | None,
        meta: kopf.Meta,
        type: str | None,  # noqa: A002 - kopf's name
        **_: object,
    ) -> None:
        version = str(meta.get("resourceVersion", ""))
        content = (str(meta.get("uid", "")), int(meta.get("generation", 0)))
        notify(WorkflowChange(str(namespace), str(name), version, content, gone=type == "DELETED"))

    return handlers


def configure(settings: kopf.OperatorSettings) -> None:
    """Make kopf a frame that writes nothing, watches only workflows, and never gives up."""
    settings.persistence.diffbase_storage = NullDiffBase()
    settings.persistence.progress_storage = NullProgress()
    settings.persistence.finalizer = f"{GROUP}/kopf"
    settings.posting.enabled = False
    settings.scanning.disabled = True
    settings.peering.standalone = True
    settings.networking.request_timeout = 30
    settings.networking.connect_timeout = 5
    settings.networking.error_backoffs = ForEver(Random())  # noqa: S311 - jitter, not secrets
    settings.networking.enforce_retry_after = True
    settings.watching.connect_timeout = 5
    settings.watching.server_timeout = 290
    settings.watching.chunk_size = CHUNK
    settings.queueing.idle_timeout = IDLE_SECONDS
    settings.process.ultimate_exiting_timeout = 60
