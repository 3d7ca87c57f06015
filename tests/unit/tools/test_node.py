"""The files that a node's programs read: `tools.cluster.node`."""

import json
import tomllib
from pathlib import Path
from typing import Any

from tools.cluster import node
from tools.cluster.instance import instance

HERE = instance("test", {})
CRI = "io.containerd.grpc.v1.cri"


def kubelet() -> Any:
    return node.kubelet_settings(HERE, Path("/etc/resolv.conf"))


def test_containerd_and_kubelet_meet_at_the_same_socket() -> None:
    """The kubelet asks the containerd of its own instance."""
    settings = tomllib.loads(node.containerd_settings(HERE))
    assert kubelet()["containerRuntimeEndpoint"] == f"unix://{settings['grpc']['address']}"


def test_pods_live_in_the_group_of_the_instance() -> None:
    """A second kubelet would kill the pods that it does not know in a shared group."""
    assert kubelet()["cgroupRoot"] == "/headrace-test"


def test_the_pods_network_is_found_where_containerd_looks() -> None:
    """Settings of another instance's network lie elsewhere."""
    settings = tomllib.loads(node.containerd_settings(HERE))
    assert settings["plugins"][CRI]["cni"]["conf_dir"] == str(node.cni_folder(HERE))
    bridge: Any = node.cni_settings(HERE)["plugins"]
    assert json.dumps(bridge[0]["ipam"]["dataDir"]).startswith(f'"{HERE.state}/')


def test_pods_ask_the_cluster_for_names_first() -> None:
    """The DNS server listens where the kubelet sends pods, and knows where to ask on."""
    (address,) = kubelet()["clusterDNS"]
    corefile = node.dns_settings(HERE, Path("/etc/resolv.conf"))
    assert f"bind {address}\n" in corefile
    assert "forward . /etc/resolv.conf" in corefile
    assert f"kubernetes {kubelet()['clusterDomain']} " in corefile
