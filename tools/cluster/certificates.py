"""
Certificates and kubeconfigs of a one-node cluster.

Knows the subjects that Kubernetes expects of its components
(https://kubernetes.io/docs/setup/best-practices/certificates/). Does not know who uses them.
"""

import shutil
from collections.abc import Mapping
from ipaddress import IPv4Address
from pathlib import Path

from tools.cluster.commands import run
from tools.cluster.instance import API_SERVICE_ADDRESS, NODE_ADDRESS, Instance
from tools.cluster.kubeconfig import Identity, kubeconfig

_DAYS = "3650"
_API_NAMES = ("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")

# Python 3.13 refuses leaves without key identifiers, and an authority without key usage.
_LEAF = ("subjectKeyIdentifier=hash", "authorityKeyIdentifier=keyid")
_AUTHORITY = "keyUsage=critical,keyCertSign,cRLSign"


def users(node: str) -> Mapping[str, str]:
    """Return the owners of kubeconfigs: file name and certificate subject."""
    return {
        "admin": "/O=system:masters/CN=admin",
        "controller-manager": "/CN=system:kube-controller-manager",
        "scheduler": "/CN=system:kube-scheduler",
        "proxy": "/CN=system:kube-proxy",
        "kwok": "/O=system:masters/CN=kwok",
        "volumes": "/O=system:masters/CN=local-path-provisioner",
        "dns": "/O=system:masters/CN=system:coredns",  # Kubernetes ships no role for it
        "kubelet": f"/O=system:nodes/CN=system:node:{node}",
    }


def alternative_names(address: IPv4Address) -> str:
    """Return the names and addresses of the API server."""
    addresses = (IPv4Address("127.0.0.1"), API_SERVICE_ADDRESS, NODE_ADDRESS, address)
    return ",".join([*(f"IP:{a}" for a in addresses), *(f"DNS:{name}" for name in _API_NAMES)])


def make(instance: Instance) -> None:
    """Create missing certificates and kubeconfigs."""
    if not instance.pki.exists():
        # Created beside and then renamed: an interrupted run leaves no incomplete folder.
        folder = instance.state / "pki.new"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)
        _for_servers(folder, instance)
        folder.rename(instance.pki)
    for user, subject in users(instance.node).items():
        # Written last, as a sign that all the rest exists.
        if not (instance.pki / f"{user}.kubeconfig").exists():
            _for_user(instance, user, subject)
    shutil.copy(instance.pki / "admin.kubeconfig", instance.kubeconfig)


def _for_servers(folder: Path, instance: Instance) -> None:
    _authority(folder)
    _key(folder / "service-accounts.key")
    names = f"subjectAltName={alternative_names(instance.address)}"
    _sign(folder, "api", "/CN=kube-apiserver", names)


def _for_user(instance: Instance, user: str, subject: str) -> None:
    folder = instance.pki
    _sign(folder, user, subject)
    identity = Identity(user, _read(folder, f"{user}.crt"), _read(folder, f"{user}.key"))
    text = kubeconfig(instance.server, _read(folder, "ca.crt"), identity)
    (folder / f"{user}.kubeconfig").write_text(text)


def _read(folder: Path, name: str) -> bytes:
    return (folder / name).read_bytes()


def _key(file: Path) -> None:
    # Not `genpkey`: the API server cannot read an elliptic key for service accounts in PKCS 8.
    run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", file)


def _authority(folder: Path) -> None:
    _key(folder / "ca.key")
    what = ("-new", "-x509", "-key", "ca.key", "-out", "ca.crt", "-subj", "/CN=kubernetes")
    run("openssl", "req", *what, "-days", _DAYS, "-addext", _AUTHORITY, cwd=folder)


def _sign(folder: Path, name: str, subject: str, *extensions: str) -> None:
    _key(folder / f"{name}.key")
    request = ("-new", "-key", f"{name}.key", "-out", f"{name}.csr", "-subj", subject)
    run("openssl", "req", *request, cwd=folder)
    (folder / f"{name}.ext").write_text("\n".join([*_LEAF, *extensions]) + "\n")
    signer = ("-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", _DAYS)
    files = ("-in", f"{name}.csr", "-extfile", f"{name}.ext", "-out", f"{name}.crt")
    run("openssl", "x509", "-req", *files, *signer, cwd=folder)
