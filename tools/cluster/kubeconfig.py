"""
The kubeconfig: the address of a cluster, and the identity of a client.

Knows the format only. JSON is YAML, so every client reads it.
"""

import base64
import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """A user of the cluster: the certificate's subject says who, the key proves it. PEM."""

    user: str
    certificate: bytes
    key: bytes


def kubeconfig(
    server: str, authority: bytes, identity: Identity, namespace: str = "default"
) -> str:
    """Return a kubeconfig that holds all it needs, so that it can be copied anywhere."""
    cluster = {"server": server, "certificate-authority-data": _encoded(authority)}
    user = {
        "client-certificate-data": _encoded(identity.certificate),
        "client-key-data": _encoded(identity.key),
    }
    context = {"cluster": "headrace", "user": identity.user, "namespace": namespace}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "headrace", "cluster": cluster}],
        "users": [{"name": identity.user, "user": user}],
        "contexts": [{"name": "headrace", "context": context}],
        "current-context": "headrace",
    }
    return json.dumps(document, indent=2) + "\n"


def _encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()
