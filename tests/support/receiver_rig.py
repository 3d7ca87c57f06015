"""A receiver over the API server in memory, with real ports on this machine."""

import asyncio
import json
from base64 import b64encode
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from headrace.cluster.kinds import WORKFLOW_RUNS, WORKFLOWS
from headrace.kube.resources import SECRETS, Resource
from headrace.kube.transport import Request
from headrace.receiver.gate import Patience
from headrace.receiver.runtime import Runtime
from headrace.receiver.settings import Settings
from support.api_server import ApiServer
from support.api_transport import MemoryTransport
from support.deliveries import OLD, SECRET, STANDARD, Told, as_github, body_of, send

SETTINGS: Final = Settings(
    ("default",), probe_port=0, address="127.0.0.1", port=0, drain_seconds=0.0
)
QUICK: Final = Patience(body_seconds=0.5, linger_seconds=0.1)
TASK: Final = {"name": "t", "image": "busybox"}
PUSH: Final = {"ref": "refs/heads/main", "after": "c0ffee", "commits": [{"id": 1}, {"id": 2}]}


class ReceiverRig:
    """A namespace with workflows and Secrets, and receivers that come and go."""

    def __init__(self, patience: Patience = QUICK) -> None:
        self.server = ApiServer()
        self.patience = patience
        self.made: Counter[str] = Counter()
        """How often each run was created."""
        self.stored = asyncio.Event()
        """Set when a run is about to be stored."""
        self.server.admit = self._count
        self.secret("github", secret=SECRET)
        self.runtime: Runtime
        self.transport: MemoryTransport

    def _count(self, resource: Resource, body: dict[str, Any]) -> None:
        name = body["metadata"]["name"]
        if resource == WORKFLOW_RUNS and self.run(name) is None:
            self.made[name] += 1
            self.stored.set()

    async def start(self) -> None:
        """Begin another life of the receiver."""
        self.transport = MemoryTransport(self.server)
        self.over = asyncio.Event()
        self.runtime = Runtime(SETTINGS, self.transport, self.over, patience=self.patience)
        await self.runtime.start()

    def secret(self, name: str, **data: str) -> None:
        """Make a Secret, or replace it."""
        written = {key: b64encode(value.encode()).decode() for key, value in data.items()}
        self.remove(SECRETS, name)
        self._give(SECRETS, name, {"data": written})

    def workflow(self, name: str = "w", *webhooks: dict[str, Any], **spec: Any) -> None:
        """Make a workflow with webhooks; without any, with one of GitHub."""
        triggers = [{"webhook": each} for each in webhooks or ({},)]
        for each in triggers:
            each["webhook"] = {
                "scheme": "GitHub",
                "secretRef": {"name": "github"},
                **each["webhook"],
            }
        self._give(WORKFLOWS, name, {"spec": {"tasks": [TASK], "triggers": triggers, **spec}})

    def change(self, name: str, **spec: Any) -> None:
        """Change fields of the spec of a workflow."""
        path = WORKFLOWS.path("default", name)
        body = json.dumps({"spec": spec}).encode()
        self.server.handle(Request("PATCH", path, body, "application/merge-patch+json"))

    def remove(self, resource: Resource, name: str) -> None:
        """Delete an object, if it is there."""
        self.server.handle(Request("DELETE", resource.path("default", name)))

    def _give(self, resource: Resource, name: str, body: dict[str, Any]) -> None:
        meta = {"name": name, "namespace": "default"}
        whole = {
            "apiVersion": resource.api_version,
            "kind": resource.kind,
            "metadata": meta,
            **body,
        }
        request = Request("POST", resource.path("default"), json.dumps(whole).encode())
        answer = self.server.handle(request)
        assert 201 == answer.status, answer.body

    def run(self, name: str) -> Any:
        """Return a run; None: there is none of that name."""
        return self.server.storage.find(WORKFLOW_RUNS, ("default", name))

    @property
    def runs(self) -> list[Any]:
        """All runs."""
        return list(self.server.storage.all(WORKFLOW_RUNS))

    def url(self, workflow: str = "w", namespace: str = "default") -> str:
        """Return where a workflow takes deliveries."""
        return f"http://127.0.0.1:{self.runtime.door.port}/webhooks/{namespace}/{workflow}"

    async def push(self, delivery: str = "d-1", payload: Any = PUSH, workflow: str = "w") -> Told:
        """Deliver as GitHub does."""
        body = body_of(payload)
        return await send(self.url(workflow), body, as_github(body, delivery))

    def count(self, reason: str) -> float:
        """Return how many deliveries were answered so."""
        name, labels = "headrace_receiver_deliveries_total", {"reason": reason}
        return self.runtime.metrics.registry.get_sample_value(name, labels) or 0.0


@asynccontextmanager
async def receiving(patience: Patience = QUICK, **spec: Any) -> AsyncIterator[ReceiverRig]:
    """Return a rig whose receiver takes deliveries for the workflow `w`."""
    rig = ReceiverRig(patience)
    rig.workflow("w", **spec)
    rig.secret("standard", secret=STANDARD)
    rig.secret("rotating", secret=SECRET, previous=OLD)
    await rig.start()
    try:
        yield rig
    finally:
        await rig.runtime.stop()
