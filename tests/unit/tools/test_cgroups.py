"""The register of an instance's processes, on a copy of the tree: `tools.cluster.cgroups`."""

from pathlib import Path

import pytest

from tools.cluster import cgroups
from tools.cluster.failure import ClusterError

NAME = "headrace-test"


def first_version(root: Path) -> Path:
    """Make a tree for each of some controllers."""
    for controller in ("cpuset", "memory", "pids"):
        (root / controller).mkdir()
        (root / controller / "cgroup.procs").touch()
    return root


def second_version(root: Path) -> Path:
    """Make the one tree for all controllers."""
    (root / "cgroup.controllers").write_text("cpu memory pids\n")
    (root / "cgroup.subtree_control").touch()
    (root / "cgroup.procs").touch()
    return root


def test_the_first_version_has_a_group_in_each_tree(tmp_path: Path) -> None:
    """The kubelet finds its root in every tree."""
    root = first_version(tmp_path)
    cgroups.make(NAME, root)
    trees = ("cpuset", "memory", "pids")
    assert all((root / tree / NAME).is_dir() for tree in trees)
    assert (root / "pids" / NAME / cgroups.COMPONENTS).is_dir()


def test_the_second_version_hands_all_controllers_down(tmp_path: Path) -> None:
    """Pods can be given limits only where the root hands its controllers down."""
    root = second_version(tmp_path)
    cgroups.make(NAME, root)
    assert (root / "cgroup.subtree_control").read_text() == "+cpu +memory +pids"
    assert (root / NAME / cgroups.COMPONENTS).is_dir()


@pytest.mark.parametrize("version", [first_version, second_version])
def test_members_are_all_processes_below(version: type, tmp_path: Path) -> None:
    """Processes of pods count, those of a neighbour do not."""
    root = version(tmp_path)
    cgroups.make(NAME, root)
    group = cgroups.register(NAME, root)
    (group / cgroups.COMPONENTS / "cgroup.procs").write_text("11\n12\n")
    (group / "kubepods" / "pod1").mkdir(parents=True)
    (group / "kubepods" / "pod1" / "cgroup.procs").write_text("21\n")
    cgroups.make("headrace-other", root)
    (cgroups.register("headrace-other", root) / "cgroup.procs").write_text("31\n")
    assert {11, 12, 21} == cgroups.members(NAME, root)
    assert {11, 12} == cgroups.components(NAME, root)


def test_an_instance_that_never_was_has_no_processes(tmp_path: Path) -> None:
    """`down` before `up` has nothing to do."""
    root = first_version(tmp_path)
    assert frozenset() == cgroups.members(NAME, root)
    assert frozenset() == cgroups.components(NAME, root)


def test_a_machine_without_groups_is_told_so(tmp_path: Path) -> None:
    """The message names the folder, and the probe says no instead of failing."""
    with pytest.raises(ClusterError, match="no tree of control groups"):
        cgroups.register(NAME, tmp_path)
    assert not cgroups.is_writable(tmp_path)
