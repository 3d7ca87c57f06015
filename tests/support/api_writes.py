"""
The controller's writes to the API server in memory, in the words of the world in memory.

What goes wrong with a write there goes wrong here: the process ends before it or after it, or its
answer is lost. A process that has ended sends nothing more.
"""

import json

from headrace.api.v1alpha1 import labels
from headrace.kube.errors import UnreachableError
from headrace.kube.transport import Request, Response
from support.api_server import ApiServer
from support.api_storage import Object
from support.api_target import Target, read_target
from support.api_transport import MemoryTransport
from support.fake_cluster import CrashError, Fault


class NotedWrites(MemoryTransport):
    """Carries requests, and notes the writes."""

    def __init__(self, server: ApiServer) -> None:
        super().__init__(server)
        self.writes: list[str] = []
        self.planned: dict[int, Fault] = {}
        """What goes wrong, by number of the write, from 1."""
        self.ended = False
        """Whether the process has ended."""

    async def send(self, request: Request, seconds: float) -> Response:
        if self.ended:
            raise CrashError("the process has ended")
        target = read_target(request.target, self.server.kinds)
        reads = request.method == "GET" or "dryRun" in target.query
        if reads or target.resource.plural == "events":
            return await super().send(request, seconds)
        body = json.loads(request.body)
        name = target.name or body["metadata"]["name"]
        known = self.server.storage.find(target.resource, (target.namespace, name))
        if request.method == "POST" and known is not None:  # It only asks who has the name.
            return await super().send(request, seconds)
        write = _words(request.method, target, known or body)
        self.writes.append(write)
        fault = self.planned.pop(len(self.writes), None)
        if fault is not Fault.CRASH_BEFORE:
            response = await super().send(request, seconds)
            if fault is None:
                if response.status >= 400:  # It changed nothing.
                    self.writes.pop()
                return response
        if fault is Fault.ANSWER_LOST:
            raise UnreachableError(f"no answer to {write}")
        self.ended = True
        raise CrashError(write)


def _words(method: str, target: Target, item: Object) -> str:
    """Say what is written, and about which task."""
    own = item.get("metadata", {}).get("labels") or {}  # A deleted object may be gone.
    task, number = own.get(labels.TASK, target.name), own.get(labels.ATTEMPT, "")
    asked = (item.get("spec") or {}).get("attempt", "")
    words = {
        ("POST", "TaskRun"): f"create {task}",
        ("PATCH", "TaskRun"): f"log {task}",
        ("POST", "Job"): f"start {task}/{number}",
        ("DELETE", "Job"): f"end {task}/{number}",
        ("PATCH", "WorkflowRun"): "status",
        ("POST", "Approval"): f"ask {task}/{asked}",
        ("PATCH", "Approval"): f"note {task}/{asked}",
    }
    return words.get((method, target.resource.kind), f"{method} {target.resource.kind}")
