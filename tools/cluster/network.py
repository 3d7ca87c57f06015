"""
The network of an instance: a network namespace with one link to this machine.

Knows addresses and routes. Does not know pods or Services: kube-proxy and the CNI plugins
work inside of the namespace, so two instances never meet each other's rules, nor the machine's.
"""

from pathlib import Path

from tools.cluster.commands import CommandFailedError, run, succeeds
from tools.cluster.instance import NODE_ADDRESS, NODE_POD_CIDR, Instance

INNER_INTERFACE = "uplink"
BRIDGE = "cni0"
_FORWARD = Path("/proc/sys/net/ipv4/ip_forward")


def make(instance: Instance) -> None:
    """Create namespace, link and route; a complete network stays unchanged."""
    if not _is_whole(instance):
        remove(instance)
        run("ip", "netns", "add", instance.unique)
        _link(instance)
    _FORWARD.write_text("1")
    run("nft", "-f", "-", stdin=way_out(instance))


def _is_whole(instance: Instance) -> bool:
    """Return whether the last step is done: this machine's end is set up."""
    which = ("dev", instance.machine_interface, "up")
    try:
        return run("ip", "-oneline", "link", "show", *which) != ""
    except CommandFailedError:
        return False


def _link(instance: Instance) -> None:
    outer, inner, there = instance.machine_interface, INNER_INTERFACE, instance.unique
    run("ip", "link", "add", outer, "type", "veth", "peer", "name", inner, "netns", there)
    run("ip", "address", "add", f"{instance.machine_address}/30", "dev", outer)
    run("ip", "-batch", "-", "-n", there, stdin=inner_network(instance))
    run(*inside(instance), "sysctl", "-qw", "net.ipv4.ip_forward=1")
    run("ip", "link", "set", outer, "up")


def inner_network(instance: Instance) -> str:
    """
    Return the commands for `ip` inside of the namespace.

    The pods' bridge is made here and not left to the CNI plugin, for the API server and the
    kubelet listen on its address before there is a pod.
    """
    return f"""\
link set lo up
address add {instance.address}/30 dev {INNER_INTERFACE}
link set {INNER_INTERFACE} up
route add default via {instance.machine_address}
link add {BRIDGE} type bridge
address add {NODE_ADDRESS}/{NODE_POD_CIDR.prefixlen} dev {BRIDGE}
link set {BRIDGE} up
"""


def way_out(instance: Instance) -> str:
    """Return the packet filter's table that gives pods the reach of this machine."""
    table = f"table ip {instance.unique}"
    return f"""\
{table}
delete {table}
{table} {{
  chain out {{
    type nat hook postrouting priority srcnat
    ip saddr {instance.link} oifname != "{instance.machine_interface}" masquerade
  }}
}}
"""


def inside(instance: Instance) -> tuple[str, ...]:
    """
    Return the words before a command that make it run in the instance's network.

    `ip netns exec` would give each command its own view of mounts too, and containerd would not
    see the volumes that the kubelet mounts.
    """
    return ("nsenter", f"--net={instance.network_namespace}", "--")


def remove(instance: Instance) -> None:
    """Remove the network: the links, routes and rules go with the namespace."""
    table = ("table", "ip", instance.unique)
    if succeeds("nft", "list", *table):
        run("nft", "delete", *table)
    if succeeds("ip", "link", "show", instance.machine_interface):
        run("ip", "link", "delete", instance.machine_interface)
    if instance.network_namespace.exists():
        run("ip", "netns", "delete", instance.unique)
