"""
A cluster with a namespace to measure in, and the clock.

Knows kubectl, bare Jobs and how a line of results looks. Knows nothing of Headrace.
"""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tools.cluster.commands import run as shell
from tools.cluster.instance import instance
from tools.cluster.one_node import OneNode
from tools.cluster.settings import Settings

IMAGE = "busybox:1.37"
REQUESTS = {"requests": {"cpu": "1m", "memory": "8Mi"}, "limits": {"memory": "64Mi"}}
RAISED = ("--kube-api-qps=500", "--kube-api-burst=1000", "--concurrent-job-syncs=50")
"""Flags of the controller manager without which it, and nothing else, would be measured."""
FAKE_NODE = {
    "nodeSelector": {"type": "kwok"},
    "tolerations": [{"key": "kwok.x-k8s.io/node", "operator": "Exists"}],
}
WRITES = re.compile(
    r'^apiserver_request_total\{.*verb="(?:POST|PUT|PATCH|APPLY|DELETE)".*\} (\S+)$', re.MULTILINE
)
Manifest = dict[str, Any]


class Stand:
    """A cluster and a namespace of its own."""

    def __init__(self, cluster: OneNode) -> None:
        """Make the namespace."""
        self.environ = cluster.variables()
        self.namespace = f"bench-{int(time.time())}"
        self.kubectl("create", "namespace", self.namespace)

    def kubectl(self, *words: str, stdin: str | None = None) -> str:
        """Run kubectl."""
        return shell("kubectl", *words, stdin=stdin, environ=self.environ)

    def create(self, *manifests: Manifest) -> None:
        """Create objects in the namespace."""
        items = {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
        self.kubectl("create", "--namespace", self.namespace, "-f", "-", stdin=json.dumps(items))

    def wait(self, condition: str, *names: str, seconds: int = 900) -> None:
        """Wait by a watch until a condition holds for all of these objects."""
        words = ("--namespace", self.namespace, f"--timeout={seconds}s")
        self.kubectl("wait", f"--for={condition}", *names, *words)

    def writes(self) -> float:
        """Return how many writes the API server has answered, whoever asked."""
        return sum(map(float, WRITES.findall(self.kubectl("get", "--raw", "/metrics"))))

    def close(self) -> None:
        """Remove the namespace."""
        self.kubectl("delete", "namespace", self.namespace, "--wait=false")


def job(name: str, *, fake: bool = False, **spec: Any) -> Manifest:
    """Return a bare Job of a no-op."""
    container = {"name": "main", "image": IMAGE, "command": ["true"], "resources": REQUESTS}
    pod = {"restartPolicy": "Never", "containers": [container], **(FAKE_NODE if fake else {})}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {"backoffLimit": 0, "template": {"spec": pod}, **spec},
    }


def indexed(name: str, width: int, *, fake: bool = False) -> Manifest:
    """Return one Job of many no-ops at once."""
    spec = {"completions": width, "parallelism": width, "completionMode": "Indexed"}
    return job(name, fake=fake, **spec)


def timed(do: Callable[[], None]) -> float:
    """Return how many seconds something takes."""
    start = time.monotonic()
    do()
    return time.monotonic() - start


def settle(writes: Callable[[], float]) -> None:
    """Wait until the writes of two seconds are no more than leases and heartbeats."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        before = writes()
        time.sleep(2)
        if writes() - before <= 8:  # noqa: PLR2004 - the leases of five components
            return


def tell(what: str, *figures: str) -> None:
    """Print one line of results."""
    print(f"{what:32} {'   '.join(figures)}", flush=True)


@contextmanager
def cluster_of(name: str, *flags: str, fake_nodes: int = 0) -> Iterator[OneNode]:
    """Bring a cluster of its own up, and down again."""
    cluster = OneNode(instance(name))
    cluster.up(Settings(controller_manager=flags))
    try:
        cluster.provide_image(IMAGE)
        if fake_nodes:
            cluster.fake_nodes(fake_nodes)
        yield cluster
    finally:
        cluster.down()
