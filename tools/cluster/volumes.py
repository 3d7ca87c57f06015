"""
The default storage class: a claim becomes a folder of this machine, as kind does it.

Knows the settings of local-path-provisioner in the cluster
(https://github.com/rancher/local-path-provisioner), and its helper pods that create and remove
folders.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.cluster.components import VOLUMES, Component
from tools.cluster.instance import Instance

STORAGE_CLASS = "standard"
NAMESPACE = "local-path-storage"
_SETTINGS = "local-path-config"
_ACCOUNT = "local-path-provisioner"
_PROVISIONER = "rancher.io/local-path"
_HELPER_IMAGE = "busybox:1.37"

# Open to all: a pod's user is any number, and the tests trust each other.
_MAKE = 'mkdir -m 0777 -p "$VOL_DIR"\n'
_REMOVE = 'rm -rf "$VOL_DIR"\n'


def provisioner(program: Path, instance: Instance) -> Component:
    flags = {
        "kubeconfig": instance.pki / "volumes.kubeconfig",
        "namespace": NAMESPACE,
        "configmap-name": _SETTINGS,
        "service-account-name": _ACCOUNT,
        "provisioner-name": _PROVISIONER,
        "helper-image": _HELPER_IMAGE,
    }
    return Component(VOLUMES, (str(program), "start", *(f"--{k}={v}" for k, v in flags.items())))


def objects(folder: Path) -> Mapping[str, object]:
    """Return the objects for the cluster; the volumes will be in that folder."""
    anywhere = {"node": "DEFAULT_PATH_FOR_NON_LISTED_NODES", "paths": [str(folder)]}
    settings = {
        "config.json": json.dumps({"nodePathMap": [anywhere]}),
        "setup": _MAKE,
        "teardown": _REMOVE,
        "helperPod.yaml": json.dumps(_helper_pod()),
    }
    items: Sequence[Mapping[str, object]] = (
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _in_namespace(_ACCOUNT)},
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": _in_namespace(_SETTINGS),
            "data": settings,
        },
        _storage_class(),
    )
    return {"apiVersion": "v1", "kind": "List", "items": items}


def _in_namespace(name: str) -> Mapping[str, str]:
    return {"name": name, "namespace": NAMESPACE}


def _helper_pod() -> Mapping[str, object]:
    container = {"name": "helper", "image": _HELPER_IMAGE, "imagePullPolicy": "IfNotPresent"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "helper"},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 0},
    }


def _storage_class() -> Mapping[str, object]:
    default = {"storageclass.kubernetes.io/is-default-class": "true"}
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": STORAGE_CLASS, "annotations": default},
        "provisioner": _PROVISIONER,
        "volumeBindingMode": "WaitForFirstConsumer",
        "reclaimPolicy": "Delete",
    }
