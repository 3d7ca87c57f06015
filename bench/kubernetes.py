"""
What Kubernetes itself takes, without Headrace: the moments of a Job's life, and Jobs a second.

    PYTHONPATH=tests:. python -m bench.kubernetes [moments] [rate]

Every engine that makes Jobs stands on this. Absolute times depend on the machine.
"""

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from random import Random
from statistics import median
from typing import Any

from bench.stand import RAISED, Manifest, Stand, cluster_of, indexed, job, tell
from headrace.kube.client import Client
from headrace.kube.credentials import from_kubeconfig
from headrace.kube.resources import JOBS, PODS, Resource, Scope
from headrace.kube.sender import Settings as Sending
from headrace.kube.transport import HttpTransport
from headrace.kube.wire import Changed
from tools.cluster.one_node import OneNode

Object = dict[str, Any]
AT_ONCE = 300


def ended(pod: Object) -> bool:
    """Tell whether the status of a pod shows the end of its container."""
    statuses = pod["status"].get("containerStatuses", ())
    return any("terminated" in each["state"] for each in statuses)


def succeeded(pod: Object) -> bool:
    """Tell whether a pod's phase is the last one."""
    return bool(pod["status"].get("phase") == "Succeeded")


def complete(item: Object) -> bool:
    """Tell whether a Job is Complete."""
    return any(each["type"] == "Complete" for each in item["status"].get("conditions", ()))


MOMENTS: dict[str, tuple[Resource, Callable[[Object], bool]]] = {
    "container ended": (PODS, ended),
    "pod Succeeded": (PODS, succeeded),
    "Job Complete": (JOBS, complete),
}
"""What an engine may wait for, and in which kind it is seen."""


async def moments(cluster: OneNode, namespace: str, rounds: int = 10) -> None:
    """Time when the end of a no-op is told to a watch, from the making of its Job."""
    samples: dict[str, list[float]] = {moment: [] for moment in MOMENTS}
    async with client_of(cluster) as client:
        for turn in range(rounds):
            begun = time.monotonic()
            made = await client.create(JOBS, placed(job(f"moments-{turn}"), namespace), dict)
            since = made["metadata"]["resourceVersion"]
            async with asyncio.timeout(60):
                times = await asyncio.gather(
                    *(
                        told(client, Scope(kind, namespace), sign, since)
                        for kind, sign in MOMENTS.values()
                    )
                )
            for moment, at in zip(MOMENTS, times, strict=True):
                samples[moment].append(at - begun)
    shown = (f"{moment} {median(times):.2f} s" for moment, times in samples.items())
    tell("from the making of a Job to", *shown)


async def told(client: Client, scope: Scope, sign: Callable[[Object], bool], since: str) -> float:
    """Return when a watch shows a sign."""
    async with aclosing(client.watch(scope, dict, since=since, seconds=60)) as events:
        async for event in events:
            if isinstance(event, Changed) and sign(event.object):
                return time.monotonic()
    raise TimeoutError(f"nothing of this kind in {scope}")


@asynccontextmanager
async def client_of(cluster: OneNode) -> AsyncIterator[Client]:
    """Return a client for the cluster's administrator."""
    async with HttpTransport(from_kubeconfig(str(cluster.kubeconfig))) as transport:
        yield Client(transport, Sending(), Random(1))  # noqa: S311 - jitter


def placed(manifest: Manifest, namespace: str) -> Manifest:
    """Return a manifest with its namespace."""
    return {**manifest, "metadata": {**manifest["metadata"], "namespace": namespace}}


def rate(flags: str, *more: str) -> None:
    """Time many Jobs that are made at once, from the first to the last that is Complete."""
    alone = per_second([job(f"one-{n}", fake=True) for n in range(AT_ONCE)], *more)
    together = per_second([indexed("many", AT_ONCE, fake=True)], *more)
    tell(
        f"Job controller, {flags}",
        f"{alone:.1f} Jobs a second",
        f"{together:.1f} pods a second of one Indexed Job",
    )


def per_second(jobs: list[Manifest], *flags: str) -> float:
    """Return how many pods a second a cluster of its own brings to their end."""
    with cluster_of("bench", *flags, fake_nodes=4) as cluster:
        stand = Stand(cluster)
        begun = time.monotonic()
        asyncio.run(all_at_once(cluster, stand.namespace, jobs))
        path = f"/apis/batch/v1/namespaces/{stand.namespace}/jobs"
        # kubectl wait would ask for one Job after the other.
        while stand.kubectl("get", "--raw", path).count('"type":"Complete"') < len(jobs):
            time.sleep(0.5)
        return AT_ONCE / (time.monotonic() - begun)


async def all_at_once(cluster: OneNode, namespace: str, jobs: list[Manifest]) -> None:
    """Create Jobs as fast as the API server takes them; kubectl would be the slower one."""
    gate = asyncio.Semaphore(20)
    async with client_of(cluster) as client:

        async def create(manifest: Manifest) -> None:
            async with gate:
                await client.create(JOBS, placed(manifest, namespace), dict)

        await asyncio.gather(*map(create, jobs))


def stock_moments() -> None:
    """Measure the moments of a Job's life on a real node."""
    with cluster_of("bench") as cluster:
        stand = Stand(cluster)
        asyncio.run(moments(cluster, stand.namespace))
        stand.close()


def rates() -> None:
    """Measure the rate as it comes, and with the flags that lift it."""
    rate("as it comes")
    rate("flags raised", *RAISED)


PARTS: dict[str, Callable[[], None]] = {"moments": stock_moments, "rate": rates}


def main(chosen: list[str]) -> None:
    """Measure what is chosen, or all."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # The cluster is taken down all the same.
    for name in chosen or PARTS:
        PARTS[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
