"""A client on the API server in memory, or on a real one, with a namespace of its own."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from cluster.fixtures import skip_without_cluster
from headrace.cluster.kinds import TASK_RUNS
from headrace.kube.client import Client
from headrace.kube.credentials import from_kubeconfig
from headrace.kube.errors import ApiError, not_found
from headrace.kube.pace import Clock
from headrace.kube.resources import CONFIG_MAPS, JOBS, NAMESPACES, Ref, Resource, Scope
from headrace.kube.sender import Settings
from headrace.kube.transport import HttpTransport
from support.api_server import ApiServer
from support.api_transport import MemoryTransport
from support.plumbing import manifest
from support.virtual_time import VirtualTimeLoop, now, seeded
from tools.cluster.provider import Cluster

Object = dict[str, Any]


@dataclass
class Api:
    """A client, and a namespace of its own."""

    client: Client
    namespace: str

    def ref(self, resource: Resource, name: str) -> Ref:
        return Ref(resource, self.namespace, name)

    def scope(self, resource: Resource, labels: str = "", fields: str = "") -> Scope:
        return Scope(resource, self.namespace, labels, fields)

    async def config_map(self, name: str, **metadata: Any) -> Object:
        body = {"metadata": self._meta(name, **metadata), "data": {"a": "1"}}
        return await self.client.create(CONFIG_MAPS, body, dict)

    async def job(self, name: str, **metadata: Any) -> Object:
        """Create a Job that no controller touches."""
        pod = {
            "restartPolicy": "Never",
            "containers": [{"name": "main", "image": "none.invalid/none"}],
        }
        spec = {"suspend": True, "managedBy": "headrace.dev/contract", "template": {"spec": pod}}
        body = {"metadata": self._meta(name, **metadata), "spec": spec}
        return await self.client.create(JOBS, body, dict)

    async def task_run(self, name: str) -> Object:
        """Create a TaskRun that no controller touches."""
        spec = {"image": "none.invalid/none", "command": ["true"]}
        body = manifest(TASK_RUNS, name, spec, self.namespace)
        return await self.client.create(TASK_RUNS, body, dict)

    async def names(self, scope: Scope, size: int = 500) -> list[list[str]]:
        """List names, page by page; the cluster puts a ConfigMap of its own into namespaces."""
        pages = [page async for page in self.client.pages(scope, dict, size=size)]
        names = [[item["metadata"]["name"] for item in page.objects] for page in pages]
        return [[name for name in page if name != "kube-root-ca.crt"] for page in names]

    async def exists(self, resource: Resource, name: str) -> bool:
        try:
            await self.client.get(self.ref(resource, name), dict)
        except ApiError as error:
            if not_found(error):
                return False
            raise
        return True

    def _meta(self, name: str, **metadata: Any) -> Object:
        return {"name": name, "namespace": self.namespace, **metadata}


@pytest.fixture
async def api(request: pytest.FixtureRequest) -> AsyncIterator[Api]:
    """Give a namespace on the server that the loop is for."""
    name = f"headrace-contract-{uuid.uuid4().hex[:8]}"
    if isinstance(asyncio.get_running_loop(), VirtualTimeLoop):
        settings = Settings(clock=Clock(now=now))
        client = Client(MemoryTransport(ApiServer()), settings, seeded(1))
        await client.create(NAMESPACES, {"metadata": {"name": name}}, dict)
        yield Api(client, name)
        return
    skip_without_cluster()
    real: Cluster = request.getfixturevalue("cluster")
    request.getfixturevalue("crds")
    async with HttpTransport(from_kubeconfig(str(real.kubeconfig))) as transport:
        client = Client(transport, Settings(), seeded(1))
        await client.create(NAMESPACES, {"metadata": {"name": name}}, dict)
        try:
            yield Api(client, name)
        finally:
            await client.delete(Ref(NAMESPACES, "", name))


async def eventually(what: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(60):
        while not await what():  # noqa: ASYNC110 - the server sends no Event
            await asyncio.sleep(0.1)


async def refused(call: Awaitable[Any]) -> ApiError:
    """Return the error with which a call ends."""
    with pytest.raises(ApiError) as caught:
        await call
    return caught.value
