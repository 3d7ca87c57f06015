"""Builders for tests of the plumbing: a client on a server in memory, Jobs, and what was seen."""

from collections.abc import Callable, Mapping
from typing import Any

from headrace.cluster.templates import Templates
from headrace.kube.client import Client
from headrace.kube.objects import Projection
from headrace.kube.pace import Clock
from headrace.kube.resources import CONFIG_MAPS, JOBS, Ref, Resource
from headrace.kube.sender import Settings
from headrace.manifests.kube import JobSpec
from support.api_server import ApiServer
from support.api_transport import MemoryTransport
from support.virtual_time import now, seeded

SEED = 7


class Job(Projection, frozen=True):
    """A Job as the tests of the plumbing see it: with all labels, whoever reads them."""

    spec: JobSpec = JobSpec()


def virtual_clock() -> Clock:
    """Return the clock of the running loop."""
    return Clock(now=now)


def manifest(
    resource: Resource, name: str, spec: Mapping[str, Any], namespace: str = "default"
) -> dict[str, Any]:
    """Return an object of a kind that has a spec, ready to be created."""
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }


class Rig:
    """One client with its own way to a server."""

    def __init__(
        self,
        server: ApiServer | None = None,
        way: Callable[[ApiServer], MemoryTransport] = MemoryTransport,
        **settings: Any,
    ) -> None:
        self.server = server or ApiServer()
        self.transport = way(self.server)
        self.faults = self.transport.faults
        self.seen: list[tuple[str, int]] = []
        """Verb and status of each try, in order."""
        self.settings = Settings(clock=virtual_clock(), observe=self._observe, **settings)
        self.client = Client(self.transport, self.settings, seeded(SEED))

    def _observe(self, verb: str, _plural: str, status: int, _seconds: float) -> None:
        self.seen.append((verb, status))

    @property
    def versions(self) -> dict[str, str]:
        """The Jobs on the server, each with its version."""
        metas = [item["metadata"] for item in self.server.storage.all(JOBS)]
        return {meta["name"]: meta["resourceVersion"] for meta in metas}

    async def job(self, name: str, **labels: str) -> Job:
        """Create a Job."""
        return await self.client.create(JOBS, job(name, **labels), Job)

    async def label(self, name: str, **labels: str) -> Job:
        """Change the labels of a Job."""
        return await self.client.patch(job_ref(name), {"metadata": {"labels": labels}}, Job)

    async def delete(self, name: str) -> None:
        """Delete a Job."""
        await self.client.delete(job_ref(name))


def two_ways() -> tuple[Rig, Rig]:
    """Return two ways to one server, so that one can fail while the other does not."""
    rig = Rig()
    return rig, Rig(rig.server)


def job(name: str, namespace: str = "default", **labels: str) -> dict[str, Any]:
    """Return a Job's manifest."""
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {"backoffLimit": 0},
    }


def job_ref(name: str, namespace: str = "default") -> Ref:
    """Return the address of a Job."""
    return Ref(JOBS, namespace, name)


def config_map(name: str, **data: str) -> dict[str, Any]:
    """Return a ConfigMap's manifest."""
    return {"metadata": {"name": name, "namespace": "default"}, "data": data}


def config_map_ref(name: str) -> Ref:
    """Return the address of a ConfigMap."""
    return Ref(CONFIG_MAPS, "default", name)


def no_templates() -> Templates:
    """Return templates that nobody has made."""
    return Templates(lambda _: None, lambda _: True)
