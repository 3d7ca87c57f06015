"""
Deliveries to a webhook: a receiver before a real API server, senders on the same machine.

    PYTHONPATH=tests:. python -m bench.deliveries [--kubeconfig FILE] [--seconds N]

Makes a namespace with a workflow whose webhook has a condition and two parameters. First 100
deliveries a second come in, each at its moment, whatever became of those before; then as many as 32
senders get through. At the end each accepted delivery must have its run, and none two. Then the
namespace is deleted. No controller works there: runs are stored, and do not begin.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import Any, Final

import aiohttp

from cluster.operator_process import ReceiverProcess
from support.deliveries import SECRET, as_github, body_of

ROOT: Final = Path(__file__).parents[1]
RATE: Final = 100
"""The goal: so many deliveries a second on two cores, and each answered within a second."""
SENDERS: Final = 32
LONGEST_MS: Final = 1000.0
PUSH: Final = {
    "ref": "refs/heads/main",
    "after": "c0ffee",
    "head_commit": {"modified": [f"models/stage_{number}.sql" for number in range(100)]},
}
WORKFLOW: Final[dict[str, Any]] = {
    "apiVersion": "headrace.dev/v1alpha1",
    "kind": "Workflow",
    "metadata": {"name": "on-push"},
    "spec": {
        "params": [{"name": "commit"}, {"name": "files", "type": "Integer", "default": 0}],
        "triggers": [
            {
                "webhook": {
                    "scheme": "GitHub",
                    "secretRef": {"name": "github"},
                    "when": "headers['x-github-event'] == 'push'",
                    "params": [
                        {"name": "commit", "expression": "payload.after"},
                        {"name": "files", "expression": "size(payload.head_commit.modified)"},
                    ],
                }
            }
        ],
        "tasks": [{"name": "t", "image": "busybox:1.37"}],
    },
}


@dataclass
class Taken:
    """What became of deliveries."""

    milliseconds: list[float] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    others: list[int] = field(default_factory=list)
    """The status of each that was not accepted; 0: the connection was closed."""


class Place:
    """A namespace with the workflow, and a receiver for it."""

    def __init__(self, kubeconfig: str | None, folder: Path) -> None:
        """Make the namespace and start the receiver."""
        self._options = [f"--kubeconfig={kubeconfig}"] if kubeconfig else []
        self.namespace = f"bench-deliveries-{int(time.time())}"
        self.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(ROOT / "crds"))
        self.kubectl("create", "namespace", self.namespace)
        self.kubectl("create", "secret", "generic", "github", f"--from-literal=secret={SECRET}")
        self.kubectl("create", "--filename=-", stdin=json.dumps(WORKFLOW))
        environ = {"PYTHONPATH": f"{ROOT / 'operator'}:{ROOT / 'tests'}"}
        if kubeconfig:
            environ["KUBECONFIG"] = kubeconfig
        self.receiver = ReceiverProcess(self.namespace, environ, folder / "receiver.log")
        self.receiver.start()

    def kubectl(self, *words: str, stdin: str | None = None) -> str:
        """Run kubectl in the namespace."""
        whole = words[0] == "apply" or words[1] == "namespace"
        where = () if whole else ("--namespace", self.namespace)
        command = ["kubectl", *words, *where, *self._options]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=True)  # noqa: S603 - our own words
        return done.stdout

    @property
    def url(self) -> str:
        """Where the workflow takes deliveries."""
        port = self.receiver.deliveries
        return f"http://127.0.0.1:{port}/webhooks/{self.namespace}/on-push"

    def close(self) -> None:
        """End the receiver and remove the namespace."""
        self.receiver.end()
        self.kubectl("delete", "namespace", self.namespace, "--wait=false")


@contextmanager
def place(kubeconfig: str | None) -> Iterator[Place]:
    """Return the place, for as long as it is needed."""
    with tempfile.TemporaryDirectory() as folder:
        made = Place(kubeconfig, Path(folder))
        try:
            yield made
        finally:
            made.close()


async def deliver(session: aiohttp.ClientSession, url: str, name: str, taken: Taken) -> None:
    """Deliver once, by a connection of its own, and note what became of it."""
    body = body_of(PUSH)
    begun = time.perf_counter()
    status, told = 0, {}
    with suppress(aiohttp.ClientError):
        async with session.post(url, data=body, headers=as_github(body, name)) as answer:
            status, told = answer.status, await answer.json()
    taken.milliseconds.append(1000 * (time.perf_counter() - begun))
    if status in {200, 201} and "run" in told:
        taken.runs.append(told["run"])
    else:
        taken.others.append(status)


async def at_a_rate(url: str, seconds: int) -> Taken:
    """Deliver so many a second, each at its moment."""
    taken, began = Taken(), time.perf_counter()
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session,
        asyncio.TaskGroup() as tasks,
    ):
        for number in range(seconds * RATE):
            await asyncio.sleep(began + number / RATE - time.perf_counter())
            tasks.create_task(deliver(session, url, f"rate-{number}", taken))
    return taken


async def as_many_as_go(url: str, seconds: int) -> Taken:
    """Let senders deliver one after the other, each as soon as it has its answer."""
    taken, end = Taken(), time.perf_counter() + seconds

    async def sender(which: int) -> None:
        number = 0
        while time.perf_counter() < end:
            await deliver(session, url, f"many-{which}-{number}", taken)
            number += 1

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await asyncio.gather(*(sender(which) for which in range(SENDERS)))
    return taken


def report(what: str, taken: Taken, seconds: float, cpu: tuple[float, float]) -> float:
    """Print a line; return the 99th percentile of the answers, in milliseconds."""
    cuts = quantiles(taken.milliseconds, n=100)
    count = len(taken.milliseconds)
    print(
        f"{what:24} {count} in {seconds:.1f} s = {count / seconds:.0f}/s"
        f"   answered p50 {cuts[49]:.0f} ms, p95 {cuts[94]:.0f} ms, p99 {cuts[98]:.0f} ms"
        f"   CPU of each {1000 * cpu[0] / count:.1f} ms, and to send it"
        f" {1000 * cpu[1] / count:.1f} ms"
        f"   not accepted {len(taken.others)}",
        flush=True,
    )
    return cuts[98]


def main() -> int:
    """Measure; return 1 if the goal is missed, or a delivery has no run of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kubeconfig", default=os.environ.get("KUBECONFIG"))
    parser.add_argument("--seconds", type=int, default=10)
    asked = parser.parse_args()
    with place(asked.kubeconfig) as at:
        kinds = {f"{RATE} a second": at_a_rate, f"{SENDERS} senders": as_many_as_go}
        accepted: list[str] = []
        slow: list[float] = []
        for what, send in kinds.items():
            cpu, own, began = at.receiver.cpu_seconds(), time.process_time(), time.perf_counter()
            taken = asyncio.run(send(at.url, asked.seconds))
            seconds = time.perf_counter() - began
            used = (at.receiver.cpu_seconds() - cpu, time.process_time() - own)
            slow.append(report(what, taken, seconds, used))
            accepted += taken.runs
            if taken.others:
                print(f"not accepted: {sorted(set(taken.others))}")
        memory = at.receiver.metric("process_resident_memory_bytes") / 2**20
        names = at.kubectl("get", "workflowruns", "--output=name").split()
    stored = {name.partition("/")[2] for name in names}
    print(f"memory of the receiver {memory:.0f} MiB; {len(stored)} runs of {len(accepted)}")
    return 0 if stored == set(accepted) and slow[0] < LONGEST_MS else 1


if __name__ == "__main__":
    sys.exit(main())
