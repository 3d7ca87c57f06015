"""
Fake nodes for tests of scale: pods on them succeed without a process, at once or after `DURATION`.

Knows kwok's command line, its stages, and the form of a fake node. See
https://kwok.sigs.k8s.io. Pods get there by `SELECTOR` and `TOLERATION` only.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from tools.cluster.build import KWOK
from tools.cluster.commands import run
from tools.cluster.components import Component
from tools.cluster.failure import ClusterError
from tools.cluster.instance import Instance

NAME = "kwok"
MOST_NODES = 200  # each takes one of the 256 ranges of pod addresses
SELECTOR: Mapping[str, str] = {"type": "kwok"}
TOLERATION: Mapping[str, str] = {"key": "kwok.x-k8s.io/node", "operator": "Exists"}

_MARK = {"kwok.x-k8s.io/node": "fake"}
_LEASE_SECONDS = 40
_STAGES = (
    "node/fast/node-initialize.yaml",
    "node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
    "pod/fast/pod-delete.yaml",
    "pod/fast/pod-ready.yaml",
)
COMPLETE = Path(__file__).with_name("pod-complete.yaml")
"""Our own stage: those of kwok end the pod of a Job at once, or after a time partly by chance."""
DURATION = "FAKE_DURATION"
"""The variable of a container that says how long its pod runs, such as 4s."""
_ROOM = {"cpu": "64", "memory": "256Gi", "pods": "1000"}


def stages() -> tuple[Path, ...]:
    """Return the files of the stages: those of kwok's own source, and ours."""
    module = f"{KWOK.package.removesuffix('/cmd/kwok')}@{KWOK.version}"
    folder = Path(json.loads(run("go", "mod", "download", "-json", module))["Dir"])
    theirs = tuple(folder / "kustomize" / "stage" / file for file in _STAGES)
    return (*theirs, COMPLETE)


def kwok(program: Path, instance: Instance, files: tuple[Path, ...]) -> Component:
    mark = ",".join(f"{key}={value}" for key, value in _MARK.items())
    flags = {
        "kubeconfig": instance.pki / "kwok.kubeconfig",
        "manage-nodes-with-annotation-selector": mark,
        "node-lease-duration-seconds": _LEASE_SECONDS,
        "config": ",".join(map(str, files)),
        "v": "WARN",  # it would tell of each pod
    }
    return Component(NAME, (str(program), *(f"--{k}={v}" for k, v in flags.items())))


def nodes(count: int) -> Mapping[str, object]:
    """
    Return the list of that many fake nodes, ready to be applied.

    Raises:
        ClusterError: The cluster has no room for so many.

    """
    if not 0 < count <= MOST_NODES:
        raise ClusterError(f"{count} fake nodes: say 1 to {MOST_NODES}")
    return {"apiVersion": "v1", "kind": "List", "items": [_node(i) for i in range(count)]}


def _node(number: int) -> Mapping[str, object]:
    name = f"kwok-{number}"
    labels = {**SELECTOR, "kubernetes.io/hostname": name, "kubernetes.io/os": "linux"}
    taint = {"key": TOLERATION["key"], "value": "fake", "effect": "NoSchedule"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "annotations": _MARK, "labels": labels},
        "spec": {"taints": [taint]},
        "status": {"allocatable": _ROOM, "capacity": _ROOM},
    }
