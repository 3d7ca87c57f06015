"""
The programs of a user: kubectl and helm, in the instance's own `bin`.

Knows how to install them. Does not know their use.
"""

import os
import shlex
import shutil
from collections.abc import Mapping

from tools.cluster import build
from tools.cluster.instance import Instance

_PROXIES = frozenset({"http_proxy", "https_proxy", "all_proxy"})


def offer(instance: Instance) -> None:
    """Put kubectl and helm into the instance's `bin`, built if need be."""
    instance.bin.mkdir(parents=True, exist_ok=True)
    kubectl = instance.bin / "kubectl"
    kubectl.write_text(f'#!/bin/sh\nexec {_kubectl()} "$@"\n')
    kubectl.chmod(0o755)
    helm = instance.bin / "helm"
    helm.unlink(missing_ok=True)
    helm.symlink_to(build.tool(build.HELM))


def _kubectl() -> str:
    """Return our program if it is built, else the machine's: a build takes minutes."""
    theirs = shutil.which("kubectl")
    if theirs is not None and not build.kube_path().exists():
        return shlex.quote(theirs)
    return f"{shlex.quote(str(build.kube()))} kubectl"


def variables(instance: Instance, environ: Mapping[str, str] = os.environ) -> Mapping[str, str]:
    """Return the environment for programs that use the cluster."""
    values = {
        "KUBECONFIG": str(instance.kubeconfig),
        # Its own cache: another cluster at the same address had other resources.
        "KUBECACHEDIR": str(instance.state / "kubectl-cache"),
        "PATH": f"{instance.bin}:{environ.get('PATH', '')}",
    }
    if any(name.lower() in _PROXIES for name in environ):
        direct = environ.get("NO_PROXY") or environ.get("no_proxy")
        values["NO_PROXY"] = f"{direct},{instance.address}" if direct else str(instance.address)
    return values
