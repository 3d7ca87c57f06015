"""The instance's network, as text for `ip` and `nft`: `tools.cluster.network`."""

from tools.cluster.instance import instance
from tools.cluster.network import inner_network, inside, way_out

HERE = instance("test", {})


def test_the_way_out_can_be_said_twice() -> None:
    """The table is made, deleted and made again in one transaction: never two rules."""
    lines = way_out(HERE).splitlines()
    assert lines[:2] == ["table ip headrace-test", "delete table ip headrace-test"]


def test_only_what_comes_from_the_instance_is_rewritten() -> None:
    """The machine's own traffic is left alone."""
    assert f"ip saddr {HERE.link} oifname" in way_out(HERE)


def test_the_bridge_has_the_nodes_address_before_there_is_a_pod() -> None:
    """The API server and the kubelet listen on it from the start."""
    assert "address add 10.244.0.1/24 dev cni0" in inner_network(HERE)


def test_a_component_enters_the_network_only() -> None:
    """Mounts stay shared, for containerd must see the volumes that the kubelet mounts."""
    assert inside(HERE) == ("nsenter", "--net=/run/netns/headrace-test", "--")
