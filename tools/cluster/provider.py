"""
Which kind of cluster this machine can run.

`decide` only judges facts; `choose` gathers them. The protocol `Cluster` is the interface of a
cluster.
"""

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from tools.cluster import build, cgroups, packages
from tools.cluster.commands import succeeds
from tools.cluster.failure import ClusterError, ClusterUnavailableError
from tools.cluster.instance import Instance
from tools.cluster.kind import Kind
from tools.cluster.one_node import OneNode
from tools.cluster.settings import Settings

_WISH_VARIABLE = "HEADRACE_CLUSTER_PROVIDER"

Provider = Literal["kind", "one-node"]


class Cluster(Protocol):
    """A cluster for tests. Each method may be repeated, and raises `ClusterError`."""

    @property
    def kubeconfig(self) -> Path:
        """Where the administrator's kubeconfig lies while the cluster is up."""

    def up(self, settings: Settings) -> None:
        """Start the cluster; its node is ready when this returns."""

    def down(self) -> None:
        """End all parts of the cluster, also after an interrupted start."""

    def build_image(self, dockerfile: Path, context: Path, tag: str) -> None:
        """Build an image on this machine."""

    def load_image(self, tag: str) -> None:
        """Load an image that was built here."""

    def provide_image(self, tag: str) -> None:
        """Let pods use a published image, also without a registry."""

    def variables(self) -> Mapping[str, str]:
        """Return the environment for programs that use the cluster."""

    def status(self) -> str:
        """Return some lines for people."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts about a machine."""

    system: str  # as in sys.platform
    root: bool
    docker: bool  # an engine answers
    kind: bool  # the program is there
    go: bool
    kube: bool  # Kubernetes was built before
    namespaces: bool  # network namespaces and mounts can be made
    control_groups: bool
    packages: bool  # Debian's are there or can be installed


def decide(facts: Facts, wish: str | None = None) -> Provider:
    """
    Return the kind of cluster for such a machine; kind comes first, because others use it.

    Raises:
        ClusterUnavailableError: There is no way; the message says what is missing.
        ClusterError: The wish is for something that does not exist.

    """
    if wish not in (None, "kind", "one-node"):
        raise ClusterError(f"{_WISH_VARIABLE}={wish}: say `kind` or `one-node`")
    if wish != "one-node" and facts.docker and (facts.kind or facts.go):
        return "kind"
    if wish == "kind":
        raise ClusterUnavailableError("kind needs a Docker engine, and kind or Go on PATH")
    obstacle = next((why for why, holds in _needs(facts) if not holds), None)
    if obstacle is not None:
        raise ClusterUnavailableError(f"no Docker engine answers with kind at hand, and {obstacle}")
    return "one-node"


def _needs(facts: Facts) -> tuple[tuple[str, bool], ...]:
    """Return the needs of the one-node cluster, each with the end of a sentence for its lack."""
    return (
        (f"a cluster without Docker needs Linux, not {facts.system}", facts.system == "linux"),
        ("a cluster without Docker needs root", facts.root),
        ("this machine lets root make no network namespaces and mounts", facts.namespaces),
        ("the control groups in /sys/fs/cgroup cannot be written", facts.control_groups),
        (
            f"some of these are missing and there is no apt: {' '.join(packages.PACKAGES)}",
            facts.packages,
        ),
        ("Go 1.26 or newer, which builds Kubernetes once, is not on PATH", facts.go or facts.kube),
    )


def _facts() -> Facts:
    return Facts(
        system=sys.platform,
        root=os.geteuid() == 0,
        docker=succeeds("docker", "info", "--format", "{{.ServerVersion}}"),
        kind=shutil.which("kind") is not None,
        go=shutil.which("go") is not None,
        kube=build.kube_path().exists(),
        namespaces=succeeds("unshare", "--net", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"),
        control_groups=cgroups.is_writable(),
        packages=packages.can_install(),
    )


def choose(instance: Instance) -> Cluster:
    """
    Return the cluster of that instance on this machine; nothing is started.

    Raises:
        ClusterUnavailableError: This machine cannot run one.

    """
    one_node = OneNode(instance)
    if one_node.is_made:
        return one_node  # also where a Docker engine was started since
    if decide(_facts(), os.environ.get(_WISH_VARIABLE)) == "kind":
        return Kind(instance)
    return one_node
