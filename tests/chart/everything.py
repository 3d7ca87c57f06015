"""
Values that switch on all that the chart has.

Knows the names of values, and the words of Kubernetes that some of them take. Renders nothing.
"""

from typing import Any

OBJECTS: dict[str, Any] = {
    "archive.enabled": True,
    "replicas": 2,
    "serviceMonitor.enabled": True,
    "networkPolicy.enabled": True,
    "reserveNamespace": True,
}
"""With these, every object is there that the chart can make for the controller."""

RECEIVER: dict[str, Any] = {
    "receiver.enabled": True,
    "receiver.namespaces": [
        {"namespace": "ingest", "secrets": ["github-webhook", "billing"]},
        {"namespace": "reports", "secrets": ["billing"]},
    ],
    "receiver.ingress.enabled": True,
    "receiver.ingress.host": "hooks.example.com",
    "receiver.ingress.className": "nginx",
    "receiver.ingress.tlsSecret": "hooks-tls",
    "receiver.ingress.annotations": {"team": "platform"},
    "receiver.deliveriesFrom": [{"namespaceSelector": {"matchLabels": {"team": "edge"}}}],
}
"""With these, every object is there that it can make for the receiver."""

_ANY_PROCESSOR = {"key": "kubernetes.io/arch", "operator": "Exists"}
FIELDS: dict[str, Any] = {
    "affinity": {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [{"matchExpressions": [_ANY_PROCESSOR]}]
            }
        }
    },
    "commonAnnotations": {"team": "platform"},
    "commonLabels": {"team": "platform"},
    "extraEnv": [{"name": "PLACE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}],
    "imagePullSecrets": [{"name": "registry"}],
    "networkPolicy.apiServer.cidrs": ["10.0.0.1/32"],
    "networkPolicy.metricsFrom": [{"namespaceSelector": {"matchLabels": {"team": "watch"}}}],
    "nodeSelector": {"kubernetes.io/os": "linux"},
    "podAnnotations": {"team": "platform"},
    "podLabels": {"team": "platform"},
    "podSecurityContext": {"runAsUser": None, "fsGroupChangePolicy": "OnRootMismatch"},
    "priorityClassName": "system-cluster-critical",
    "revisionHistoryLimit": 2,
    "securityContext": {"seLinuxOptions": {"level": "s0:c1,c2"}},
    "tolerations": [{"operator": "Exists"}],
}
"""With these, every field is there that the chart can give to an object."""
