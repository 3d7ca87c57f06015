"""
A cluster by kind, where a Docker engine runs.

Knows kind's command line. It is kept thin because its authors had no Docker engine to try it on:
it was written from kind's documentation (https://kind.sigs.k8s.io/docs/user/quick-start/) and
never ran. Flags for components and audit logs are left to the one-node cluster.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.cluster import build, mounts, programs
from tools.cluster.commands import locked, run
from tools.cluster.failure import ClusterError
from tools.cluster.instance import Instance
from tools.cluster.settings import Settings

_WAIT = "180s"


@dataclass(frozen=True, slots=True)
class Kind:
    """The cluster of one instance, made of a Docker container."""

    instance: Instance

    @property
    def kubeconfig(self) -> Path:
        return self.instance.kubeconfig

    def up(self, settings: Settings) -> None:
        """
        Create the cluster, unless it is there.

        Raises:
            ClusterError: The settings are not the default ones.

        """
        if settings != Settings():
            raise ClusterError(
                "audit logs and flags of components need the one-node cluster: set "
                "HEADRACE_CLUSTER_PROVIDER=one-node, as root on Linux"
            )
        with locked(self.instance.lock):
            programs.offer(self.instance)
            if self._is_up():
                self._kind("export", "kubeconfig")
            else:
                self._kind("create", "cluster", "--wait", _WAIT)

    def down(self) -> None:
        with locked(self.instance.lock):
            if self._is_up():
                self._kind("delete", "cluster")
            mounts.remove_folder(self.instance.state)

    def build_image(self, dockerfile: Path, context: Path, tag: str) -> None:
        run("docker", "build", "--file", dockerfile, "--tag", tag, context)

    def load_image(self, tag: str) -> None:
        run(_program(), "load", "docker-image", tag, "--name", self.instance.unique)

    def provide_image(self, tag: str) -> None:
        """Do nothing: the node pulls published images by itself."""

    def variables(self) -> Mapping[str, str]:
        return programs.variables(self.instance)

    def status(self) -> str:
        return f"kind cluster {self.instance.unique}: {'up' if self._is_up() else 'down'}\n"

    def _is_up(self) -> bool:
        return self.instance.unique in run(_program(), "get", "clusters").split()

    def _kind(self, *words: str) -> None:
        which = ("--name", self.instance.unique, "--kubeconfig", self.kubeconfig)
        run(_program(), *words, *which)


def _program() -> str:
    return shutil.which("kind") or str(build.tool(build.KIND))
