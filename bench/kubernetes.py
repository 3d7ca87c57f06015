"""
What Kubernetes itself takes, without Headrace: the moments of a Job's life, and Jobs a second.

    PYTHONPATH=tests:. python -m bench.kubernetes [moments] [rate]

Every engine that makes Jobs stands on this. Absolute times depend on the machine.
"""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from random import Random
from statistics import median

from bench.stand import RAISED, Manifest, Stand, cluster_of, indexed, job, tell

from cluster.control_plane.one_node import OneNode
from headrace.cluster.client import Client
from headrace.cluster.credentials import from_kubeconfig
from headrace.cluster.resources import JOBS
from headrace.cluster.sender import Settings as Sending
from headrace.cluster.transport import HttpTransport

ENDED = "{.status.containerStatuses[0].state.terminated.reason}"
MOMENTS = {
    "container ended": ("pod", f"jsonpath={ENDED}=Completed"),
    "pod Succeeded": ("pod", "jsonpath={.status.phase}=Succeeded"),
    "Job Complete": ("job", "condition=Complete"),
}
"""When what an engine may wait for is visible: the kind to watch, and what of it."""
AT_ONCE = 300


def moments(stand: Stand, rounds: int = 10) -> None:
    """Time when the end of a no-op is visible, from the making of its Job."""
    samples: dict[str, list[float]] = {moment: [] for moment in MOMENTS}
    for turn in range(rounds):
        name = f"moments-{turn}"
        labels = ("--selector", f"job-name={name}")
        begun = time.monotonic()
        stand.create(job(name))
        stand.wait("jsonpath={.status.active}=1", f"job/{name}")
        waits = {
            moment: subprocess.Popen(  # noqa: S603 - our own words
                [
                    *("/usr/bin/env", "kubectl", "wait", f"--for={condition}", "--timeout=60s"),
                    *(("job", name) if kind == "job" else ("pod", *labels)),
                    *("--namespace", stand.namespace),
                ],
                env=stand.environ,
                stdout=subprocess.DEVNULL,
            )
            for moment, (kind, condition) in MOMENTS.items()
        }
        for moment, wait in waits.items():  # They come in this order.
            wait.wait()
            samples[moment].append(time.monotonic() - begun)
    shown = (f"{moment} {median(times):.2f} s" for moment, times in samples.items())
    tell("from the making of a Job to", *shown)


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
        while complete(stand) < len(jobs):  # kubectl wait asks for one Job after the other.
            time.sleep(0.5)
        return AT_ONCE / (time.monotonic() - begun)


def complete(stand: Stand) -> int:
    """Return how many Jobs are Complete."""
    path = f"/apis/batch/v1/namespaces/{stand.namespace}/jobs"
    return stand.kubectl("get", "--raw", path).count('"type":"Complete"')


async def all_at_once(cluster: OneNode, namespace: str, jobs: list[Manifest]) -> None:
    """Create Jobs as fast as the API server takes them; kubectl would be the slower one."""
    async with HttpTransport(from_kubeconfig(str(cluster.kubeconfig))) as transport:
        client = Client(transport, Sending(), Random(1))  # noqa: S311 - jitter
        gate = asyncio.Semaphore(20)

        async def create(manifest: Manifest) -> None:
            async with gate:
                meta = {**manifest["metadata"], "namespace": namespace}
                await client.create(JOBS, {**manifest, "metadata": meta}, dict)

        await asyncio.gather(*map(create, jobs))


def stock_moments() -> None:
    """Measure the moments of a Job's life on a real node."""
    with cluster_of("bench") as cluster:
        stand = Stand(cluster)
        moments(stand)
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
