"""The one-node cluster leaves nothing behind, however it ends."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.fixtures import Program, chosen
from tools.cluster import cgroups, components, left_overs, mounts, processes
from tools.cluster.commands import run, wait_until
from tools.cluster.instance import instance
from tools.cluster.one_node import OneNode
from tools.cluster.provider import Cluster
from tools.cluster.settings import Settings

pytestmark = pytest.mark.cluster

POD = ("run", "sleeper", "--image=busybox:1.37", "--restart=Never", "--", "sleep", "1000")
READY = ("wait", "--for=condition=Ready", "pod/sleeper", "--timeout=60s")


@pytest.fixture
def passing() -> Iterator[OneNode]:
    """Return a cluster of the test's own, beside the session's; it is not up yet."""
    if not isinstance(chosen(), OneNode):
        pytest.skip("the session's cluster is not the one-node cluster")
    it = OneNode(instance("passing"))
    yield it
    it.down()


def kill(it: OneNode, component: str) -> None:
    """Kill a component as an out-of-memory killer would."""
    process = processes.process_of(it.instance, component)
    assert process is not None
    os.kill(process, signal.SIGKILL)


def traces(it: OneNode) -> list[str]:
    """Return what is left on the machine of a cluster."""
    name, state = it.instance.unique, it.instance.state
    groups = [str(tree / name) for tree in cgroups.trees() if (tree / name).exists()]
    mounted = list(mounts.below(state, Path("/proc/self/mounts").read_text()))
    paths = [str(p) for p in (state, it.instance.network_namespace) if p.exists()]
    links = [line for line in run("ip", "-o", "link").splitlines() if name_of(it) in line]
    tables = [line for line in run("nft", "list", "tables").splitlines() if name in line]
    return [*groups, *mounted, *paths, *links, *tables]


def name_of(it: OneNode) -> str:
    return it.instance.machine_interface


def exists(process: int) -> bool:
    return Path(f"/proc/{process}").exists()


def test_a_killed_cluster_goes_down_without_a_trace(
    cluster: Cluster, kubectl: Program, passing: OneNode
) -> None:
    """
    A cluster's end is complete, whatever was killed before.

    `up` and `down` may be said twice, `up` replaces a component that was killed, and `down`
    removes every process, mount, network and file, even of a pod that nobody stopped. The
    cluster beside it does not notice.
    """
    passing.up(Settings())
    run("kubectl", *POD, environ=passing.variables())
    run("kubectl", *READY, environ=passing.variables())
    kill(passing, components.ETCD)
    passing.up(Settings())
    assert "not running" not in passing.status()
    for component in (components.KUBELET, components.CONTAINERD, components.API_SERVER):
        kill(passing, component)
    networks = left_overs.namespaces_of(passing.instance)
    assert networks
    started = cgroups.members(passing.instance.unique)
    passing.down()
    passing.down()
    # The kernel lists a killed process until its parent has asked how it ended.
    wait_until("the processes are gone", lambda: not any(map(exists, started)), seconds=5)
    assert traces(passing) == []
    assert [path for path in networks if path.exists()] == []
    assert kubectl("get", "--raw", "/readyz") == "ok"
    assert cluster.status()
