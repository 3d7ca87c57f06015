"""What a pod, a Job and a Service may expect of the test cluster."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from cluster.fixtures import Program
from tools.cluster.provider import Cluster

pytestmark = pytest.mark.cluster

BUSYBOX = "busybox:1.37"
PYTHON = "python:3.13-slim"


def job(name: str, image: str, command: Sequence[str]) -> Mapping[str, object]:
    """Return a Job of one pod that is not tried again and may do nothing special."""
    denied = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    container = {"name": "main", "image": image, "command": command, "securityContext": denied}
    user = {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}}
    pod = {"restartPolicy": "Never", "securityContext": user, "containers": [container]}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {"backoffLimit": 0, "template": {"spec": pod}},
    }


def output_of(kubectl: Program, namespace: str, what: Mapping[str, object], name: str) -> str:
    """Run the Job to its end and return what its pod wrote."""
    kubectl("create", "--namespace", namespace, "--filename", "-", stdin=json.dumps(what))
    done = ("wait", "--for=condition=Complete", f"job/{name}", "--timeout=60s")
    kubectl(*done, "--namespace", namespace)
    return kubectl("logs", f"job/{name}", "--namespace", namespace)


def claim(name: str) -> Mapping[str, object]:
    """Return a claim on the default storage class."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}},
    }


def with_volume(what: Mapping[str, Any], name: str) -> Mapping[str, object]:
    """Return the Job with the claim mounted at /data."""
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": name}}
    spec = what["spec"]["template"]["spec"]
    (main,) = spec["containers"]
    mounted = {**main, "volumeMounts": [{"name": "data", "mountPath": "/data"}]}
    pod = {"spec": {**spec, "volumes": [volume], "containers": [mounted]}}
    return {**what, "spec": {**what["spec"], "template": pod}}


def test_a_job_runs_its_pod_to_completion(kubectl: Program, namespace: str) -> None:
    """A bare Job's pod runs as an ordinary user and its log can be read."""
    bare = job("bare", BUSYBOX, ["sh", "-c", "echo done by $(id -u)"])
    assert output_of(kubectl, namespace, bare, "bare") == "done by 1000\n"


def test_a_python_image_runs(cluster: Cluster, kubectl: Program, namespace: str) -> None:
    """Pods find the published Python image, or its stand-in, under the same name."""
    cluster.provide_image(PYTHON)
    version = job("version", PYTHON, ["python", "--version"])
    assert output_of(kubectl, namespace, version, "version").startswith("Python 3.13.")


def test_a_service_is_reached_by_its_name(kubectl: Program, namespace: str) -> None:
    """A pod reaches another through DNS and the Service's address."""
    serve = "mkdir /tmp/www && echo hello > /tmp/www/index.html && httpd -f -p 8080 -h /tmp/www"
    web = ("run", "web", f"--image={BUSYBOX}", "--labels=run=web", "--namespace", namespace)
    kubectl(*web, "--", "sh", "-c", serve)
    kubectl("expose", "pod", "web", "--port=80", "--target-port=8080", "--namespace", namespace)
    kubectl("wait", "--for=condition=Ready", "pod/web", "--timeout=60s", "--namespace", namespace)
    ask = "until wget -qO- http://web; do sleep 0.2; done"
    assert output_of(kubectl, namespace, job("ask", BUSYBOX, ["sh", "-c", ask]), "ask") == "hello\n"


def test_a_claim_is_kept_from_pod_to_pod(kubectl: Program, namespace: str) -> None:
    """What an ordinary user writes to a volume, the next pod reads."""
    create = ("create", "--namespace", namespace, "--filename", "-")
    kubectl(*create, stdin=json.dumps(claim("kept")))
    for name, command in (("write", "echo kept > /data/file"), ("read", "cat /data/file")):
        mounted = with_volume(job(name, BUSYBOX, ["sh", "-c", command]), "kept")
        output = output_of(kubectl, namespace, mounted, name)
    assert output == "kept\n"
