"""What a one-node cluster needs before it starts: `tools.cluster.one_node`."""

from threading import Barrier

import pytest

from tools.cluster import build, packages
from tools.cluster.failure import ClusterError
from tools.cluster.instance import instance
from tools.cluster.one_node import OneNode
from tools.cluster.settings import Settings


def test_packages_and_builds_are_got_beside_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of the three waits for another, all programs are asked for, and a failure is told."""
    together = Barrier(3, timeout=30)
    asked: list[str] = []

    def failing() -> None:
        together.wait()
        raise ClusterError("no package can be installed")

    def tool(which: build.Tool) -> None:
        if which is build.HELM:
            together.wait()
        asked.append(which.name)

    monkeypatch.setattr(packages, "install", failing)
    monkeypatch.setattr(build, "kube", together.wait)
    monkeypatch.setattr(build, "tool", tool)
    with pytest.raises(ClusterError, match="no package can be installed"):
        OneNode(instance("never")).up(Settings())
    assert ["helm", "coredns", "local-path-provisioner"] == asked
