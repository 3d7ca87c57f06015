"""
The node of a one-node cluster: the settings of its programs.

Knows the settings of containerd, the pods' network, DNS and the kubelet. Starts nothing.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from tools.cluster.components import containerd_file, dns_file, kubelet_file
from tools.cluster.instance import NODE_ADDRESS, NODE_POD_CIDR, Instance
from tools.cluster.network import BRIDGE

PAUSE_IMAGE = "localhost/headrace-pause:1"
DOMAIN = "cluster.local"
_RESOLVERS = (Path("/run/systemd/resolve/resolv.conf"), Path("/etc/resolv.conf"))


def cni_folder(instance: Instance) -> Path:
    return instance.state / "cni"


def containerd_settings(instance: Instance) -> str:
    """Return containerd's settings, in the second version of its format (1.6 and newer read it)."""
    state = instance.state
    # restrict_oom_score_adj: without CAP_SYS_RESOURCE runc cannot lower oom_score_adj, and fails
    # with "can't get final child's PID from pipe: EOF".
    return f"""\
version = 2
root = "{state}/containerd/root"
state = "{state}/containerd/state"
[grpc]
  address = "{instance.containerd_socket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE_IMAGE}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{cni_folder(instance)}"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
"""


def cni_settings(instance: Instance) -> Mapping[str, object]:
    """Return the pods' network: a bridge with this node's part of the pod addresses."""
    addresses = {
        "type": "host-local",
        "dataDir": str(instance.state / "addresses"),
        "ranges": [[{"subnet": str(NODE_POD_CIDR)}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    bridge = {
        "type": "bridge",
        "bridge": BRIDGE,
        "isGateway": True,
        "ipMasq": True,
        "hairpinMode": True,
        "ipam": addresses,
    }
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "1.0.0", "name": instance.unique, "plugins": [bridge, ports]}


def kubelet_settings(instance: Instance, resolver: Path) -> Mapping[str, object]:
    """Return the kubelet's settings; all that it writes lies below the instance's folder."""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "failCgroupV1": False,  # from 1.35 on the kubelet refuses version 1 unless told so
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{instance.unique}",
        "enforceNodeAllocatable": [],
        "containerRuntimeEndpoint": f"unix://{instance.containerd_socket}",
        "podLogsDir": str(instance.logs / "pods"),
        "volumePluginDir": str(instance.state / "kubelet" / "volume-plugins"),
        "resolvConf": str(resolver),
        "clusterDomain": DOMAIN,
        "clusterDNS": [str(NODE_ADDRESS)],
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(instance.pki / "ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        # A developer's disk is often nearly full, and that is no reason to evict here.
        "evictionHard": {
            "memory.available": "100Mi",
            "nodefs.available": "0%",
            "imagefs.available": "0%",
            "nodefs.inodesFree": "0%",
        },
        "failSwapOn": False,
        "maxPods": 240,
        "serializeImagePulls": False,
        "kubeAPIQPS": 200,
        "kubeAPIBurst": 400,
    }


def dns_settings(instance: Instance, resolver: Path) -> str:
    """Return the settings of the DNS server: names of the cluster, and the machine's for others."""
    return f"""\
. {{
  bind {NODE_ADDRESS}
  errors
  kubernetes {DOMAIN} in-addr.arpa {{
    kubeconfig {instance.pki}/dns.kubeconfig
    pods insecure
    fallthrough in-addr.arpa
  }}
  forward . {resolver}
  cache 30
}}
"""


def write_settings(instance: Instance) -> None:
    """Write the files that containerd, the CNI plugins and the kubelet read when they start."""
    resolver = next(file for file in _RESOLVERS if file.exists())
    cni_folder(instance).mkdir(parents=True, exist_ok=True)
    containerd_file(instance).write_text(containerd_settings(instance))
    network = json.dumps(cni_settings(instance), indent=2)
    (cni_folder(instance) / "10-bridge.conflist").write_text(network)
    kubelet = json.dumps(kubelet_settings(instance, resolver), indent=2)
    kubelet_file(instance).write_text(kubelet)
    dns_file(instance).write_text(dns_settings(instance, resolver))
