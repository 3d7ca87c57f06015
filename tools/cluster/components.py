"""
The components of a one-node cluster, and their flags.

Knows each component's flags as data. Starts nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.cluster.instance import (
    API_PORT,
    NODE_ADDRESS,
    POD_CIDR,
    SERVICE_CIDR,
    Instance,
)
from tools.cluster.settings import Settings

ETCD = "etcd"
API_SERVER = "kube-apiserver"
CONTROLLER_MANAGER = "kube-controller-manager"
SCHEDULER = "kube-scheduler"
DNS = "coredns"
CONTAINERD = "containerd"
KUBELET = "kubelet"
PROXY = "kube-proxy"
VOLUMES = "local-path-provisioner"
NAMES = (
    ETCD,
    API_SERVER,
    CONTROLLER_MANAGER,
    SCHEDULER,
    DNS,
    CONTAINERD,
    KUBELET,
    PROXY,
    VOLUMES,
)

_ETCD = "http://127.0.0.1:2379"
_ETCD_PEERS = "http://127.0.0.1:2380"
_ETCD_BYTES = 4 * 1024**3

# The finished requests: who, what, which object; without bodies.
AUDIT_POLICY: Mapping[str, object] = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [{"level": "Metadata"}],
}


@dataclass(frozen=True, slots=True)
class Component:
    """One process: its name for people and files, and its command line."""

    name: str
    command: tuple[str, ...]


def audit_policy_file(instance: Instance) -> Path:
    return instance.state / "audit-policy.json"


def kubelet_file(instance: Instance) -> Path:
    return instance.state / "kubelet.json"


def containerd_file(instance: Instance) -> Path:
    return instance.state / "containerd.toml"


def dns_file(instance: Instance) -> Path:
    return instance.state / "Corefile"


def etcd(kube: Path, instance: Instance) -> Component:
    return _component(
        kube,
        ETCD,
        {
            "data-dir": instance.state / "etcd",
            "listen-client-urls": _ETCD,
            "advertise-client-urls": _ETCD,
            "listen-peer-urls": _ETCD_PEERS,
            "unsafe-no-fsync": "true",  # nothing here outlives the machine
            "quota-backend-bytes": _ETCD_BYTES,
        },
    )


def api_server(kube: Path, instance: Instance, settings: Settings) -> Component:
    pki = instance.pki
    flags = {
        "etcd-servers": _ETCD,
        "service-cluster-ip-range": SERVICE_CIDR,
        # On the bridge's address too, or pods cannot reach the `kubernetes` Service.
        "bind-address": "0.0.0.0",  # noqa: S104 - of the instance's own network
        "advertise-address": NODE_ADDRESS,
        "secure-port": API_PORT,
        "tls-cert-file": pki / "api.crt",
        "tls-private-key-file": pki / "api.key",
        "client-ca-file": pki / "ca.crt",
        "service-account-key-file": pki / "service-accounts.key",
        "service-account-signing-key-file": pki / "service-accounts.key",
        "service-account-issuer": "https://kubernetes.default.svc",
        "authorization-mode": "Node,RBAC",
        "enable-admission-plugins": "NodeRestriction",
        "allow-privileged": "true",
        "kubelet-client-certificate": pki / "admin.crt",
        "kubelet-client-key": pki / "admin.key",
        "kubelet-preferred-address-types": "InternalIP",
        **(_audit(instance) if settings.audit else {}),
    }
    return _component(kube, API_SERVER, flags, settings.api_server)


def _audit(instance: Instance) -> dict[str, object]:
    return {
        "audit-policy-file": audit_policy_file(instance),
        "audit-log-path": instance.audit_log,
        "audit-log-maxsize": 1000,  # MB; then a new file, so that a disk never fills
        "audit-log-maxbackup": 3,
    }


def controller_manager(kube: Path, instance: Instance, settings: Settings) -> Component:
    pki = instance.pki
    flags = {
        **_identity(pki / "controller-manager.kubeconfig"),
        "service-account-private-key-file": pki / "service-accounts.key",
        "root-ca-file": pki / "ca.crt",
        "cluster-signing-cert-file": pki / "ca.crt",
        "cluster-signing-key-file": pki / "ca.key",
        "use-service-account-credentials": "true",
        "allocate-node-cidrs": "true",
        "cluster-cidr": POD_CIDR,
    }
    return _component(kube, CONTROLLER_MANAGER, flags, settings.controller_manager)


def scheduler(kube: Path, instance: Instance) -> Component:
    return _component(kube, SCHEDULER, _identity(instance.pki / "scheduler.kubeconfig"))


def dns(coredns: Path, instance: Instance) -> Component:
    return Component(DNS, (str(coredns), "-conf", str(dns_file(instance))))


def containerd(instance: Instance) -> Component:
    return Component(CONTAINERD, ("containerd", "--config", str(containerd_file(instance))))


def kubelet(kube: Path, instance: Instance) -> Component:
    flags = {
        "config": kubelet_file(instance),
        "kubeconfig": instance.pki / "kubelet.kubeconfig",
        "hostname-override": instance.node,
        "node-ip": NODE_ADDRESS,
        "root-dir": instance.state / "kubelet",
        "cert-dir": instance.state / "kubelet" / "pki",
    }
    return _component(kube, KUBELET, flags)


def proxy(kube: Path, instance: Instance) -> Component:
    flags = {
        "kubeconfig": instance.pki / "proxy.kubeconfig",
        "hostname-override": instance.node,
        "proxy-mode": "nftables",
        "cluster-cidr": POD_CIDR,
        "nodeport-addresses": "0.0.0.0/0",  # so that this machine reaches NodePorts by the link
        # Limits of the whole machine: not ours to set.
        "conntrack-max-per-core": 0,
        "conntrack-tcp-timeout-established": 0,
        "conntrack-tcp-timeout-close-wait": 0,
    }
    return _component(kube, PROXY, flags)


def _identity(kubeconfig: Path) -> dict[str, object]:
    return {
        "kubeconfig": kubeconfig,
        "authentication-kubeconfig": kubeconfig,
        "authorization-kubeconfig": kubeconfig,
        "leader-elect": "false",  # there is one of each
        "bind-address": "127.0.0.1",
    }


def _component(
    kube: Path, name: str, flags: Mapping[str, object], further: tuple[str, ...] = ()
) -> Component:
    # The last one of two equal flags wins, so a user's flags come last.
    written = (f"--{flag}={value}" for flag, value in flags.items())
    return Component(name, (str(kube), name, *written, *further))
