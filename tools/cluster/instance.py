"""
One cluster on this machine: its names, addresses and paths, all derived from its name.

Knows no process and touches no file. Two instances share nothing on the machine: each has a
network namespace, a cgroup and a folder of its own, so the ports inside need not differ.
"""

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from tools.cluster.failure import ClusterError

DEFAULT_NAME = "default"

# The same inside every instance: each has a network of its own.
API_PORT = 6443
POD_CIDR = IPv4Network("10.244.0.0/16")
NODE_POD_CIDR = IPv4Network("10.244.0.0/24")
NODE_ADDRESS = IPv4Address("10.244.0.1")  # of the bridge: reachable from every pod
SERVICE_CIDR = IPv4Network("10.96.0.0/16")
API_SERVICE_ADDRESS = IPv4Address("10.96.0.1")

# RFC 2544 keeps this range for tests, so no network that the machine talks to lies in it.
LINKS = IPv4Network("198.18.0.0/15")
_LINK_SIZE = 4  # addresses in a /30: network, this machine, the instance, broadcast
_NAME = re.compile(r"[a-z]([a-z0-9-]{0,18}[a-z0-9])?")
_STATE_VARIABLE = "HEADRACE_CLUSTER_STATE"
_STATE_HOME = "/var/lib/headrace-cluster"


@dataclass(frozen=True, slots=True)
class Instance:
    """A cluster's identity; `home` is the folder that holds the folders of all instances."""

    name: str
    home: Path

    @property
    def state(self) -> Path:
        return self.home / self.name

    @property
    def lock(self) -> Path:
        """Outside of the state: it must outlive the removal of the state."""
        return self.home / f"{self.name}.lock"

    @property
    def pki(self) -> Path:
        return self.state / "pki"

    @property
    def logs(self) -> Path:
        return self.state / "log"

    @property
    def bin(self) -> Path:
        return self.state / "bin"

    @property
    def kubeconfig(self) -> Path:
        return self.state / "admin.kubeconfig"

    @property
    def containerd_socket(self) -> Path:
        return self.state / "containerd.sock"

    @property
    def audit_log(self) -> Path:
        return self.logs / "audit.jsonl"

    @property
    def unique(self) -> str:
        """The name of global objects of the machine: network namespace, cgroup, packet filter."""
        return f"headrace-{self.name}"

    @property
    def network_namespace(self) -> Path:
        return Path("/run/netns", self.unique)

    @property
    def node(self) -> str:
        return f"{self.name}-node"

    @property
    def _digest(self) -> bytes:
        return hashlib.sha256(self.name.encode()).digest()

    @property
    def machine_interface(self) -> str:
        """The machine's end of the link; the kernel allows 15 characters."""
        return f"hr{self._digest.hex()[:10]}"

    @property
    def link(self) -> IPv4Network:
        """The two-ended network between this machine and the instance."""
        places = LINKS.num_addresses // _LINK_SIZE
        place = int.from_bytes(self._digest[:8], "big") % places
        return IPv4Network((int(LINKS.network_address) + place * _LINK_SIZE, 30))

    @property
    def machine_address(self) -> IPv4Address:
        return self.link.network_address + 1

    @property
    def address(self) -> IPv4Address:
        """The address of the instance, from this machine."""
        return self.link.network_address + 2

    @property
    def server(self) -> str:
        """The URL of the API server, from this machine and from inside alike."""
        return f"https://{self.address}:{API_PORT}"


def instance(name: str = DEFAULT_NAME, environ: Mapping[str, str] = os.environ) -> Instance:
    """
    Return the instance of that name.

    Raises:
        ClusterError: The name cannot be part of host names and paths.

    """
    if not _NAME.fullmatch(name):
        raise ClusterError(
            f"instance name {name!r}: use 1 to 20 characters of a-z, 0-9 and '-', "
            "starting with a letter and not ending with '-'"
        )
    return Instance(name, Path(environ.get(_STATE_VARIABLE, _STATE_HOME)).resolve())
