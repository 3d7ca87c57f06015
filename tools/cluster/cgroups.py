"""
The control groups of an instance: the kernel's own register of its processes.

Knows both versions of cgroups. Does not know the processes. A process cannot leave its group by
forking, so the group has exactly the processes of the instance, pods included.
"""

import contextlib
import os
import signal
from functools import partial
from pathlib import Path

from tools.cluster.commands import wait_until
from tools.cluster.failure import ClusterError

ROOT = Path("/sys/fs/cgroup")
COMPONENTS = "components"  # the child group of what is not a pod
_REGISTERS = ("pids", "cpu", "memory", "systemd")  # any one does; the first that is there
_KILL_SECONDS = 20.0


def is_unified(root: Path = ROOT) -> bool:
    """Return whether this is version 2: one tree with all controllers."""
    return (root / "cgroup.controllers").exists()


def trees(root: Path = ROOT) -> tuple[Path, ...]:
    """Return the roots of all trees of groups: one in version 2, one a controller in version 1."""
    if is_unified(root):
        return (root,)
    # A tree can have two names (cpu -> cpu,cpuacct): once is enough.
    found = {tree.resolve() for tree in root.iterdir() if (tree / "cgroup.procs").exists()}
    return tuple(sorted(found))


def register(name: str, root: Path = ROOT) -> Path:
    """Return the group with the members of the instance."""
    if is_unified(root):
        return root / name
    for tree in _REGISTERS:
        if (root / tree / "cgroup.procs").exists():
            return root / tree / name
    raise ClusterError(f"no tree of control groups below {root}: is it mounted?")


def is_writable(root: Path = ROOT) -> bool:
    """Return whether groups can be created here: in many containers they cannot."""
    try:
        group = register(f"headrace-probe-{os.getpid()}", root)
        group.mkdir()
        group.rmdir()
    except (OSError, ClusterError):
        return False
    return True


def make(name: str, root: Path = ROOT) -> None:
    """Create the instance's group in each tree; the kubelet creates the pods' groups in it."""
    if is_unified(root):
        _delegate(root)
    for tree in trees(root):
        group = tree / name
        group.mkdir(exist_ok=True)
        for limits in ("cpuset.cpus", "cpuset.mems"):
            # In version 1 a new cpuset is empty, and no process can be put into it.
            if not is_unified(root) and (group / limits).exists():
                (group / limits).write_text((tree / limits).read_text())
    (register(name, root) / COMPONENTS).mkdir(exist_ok=True)


def _delegate(root: Path) -> None:
    there = (root / "cgroup.controllers").read_text().split()
    (root / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in there))


def members(name: str, root: Path = ROOT) -> frozenset[int]:
    """Return the ids of the instance's processes, without zombies."""
    found: set[int] = set()
    for file in register(name, root).rglob("cgroup.procs"):
        with contextlib.suppress(OSError):  # a pod's group can go while we look
            found.update(int(line) for line in file.read_text().split())
    return frozenset(found)


def components(name: str, root: Path = ROOT) -> frozenset[int]:
    """Return the ids of processes outside of pods."""
    try:
        text = (register(name, root) / COMPONENTS / "cgroup.procs").read_text()
    except FileNotFoundError:
        return frozenset()
    return frozenset(map(int, text.split()))


def kill(name: str, root: Path = ROOT) -> None:
    """Kill all processes of the instance, also new ones, until none is left."""

    def none_left() -> bool:
        there = members(name, root)
        for process in there:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        return not there

    wait_until(f"the processes of {name} are gone", none_left, _KILL_SECONDS)


def remove(name: str, root: Path = ROOT) -> None:
    """Remove the instance's groups; only empty ones can be removed."""
    for tree in trees(root):
        folders = sorted((tree / name).rglob("*/"), reverse=True) if (tree / name).exists() else []
        for folder in [*(f for f in folders if f.is_dir()), tree / name]:
            wait_until(f"{folder} is empty", partial(_removed, folder), _KILL_SECONDS)


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False  # EBUSY for a moment after the last process ended
    return True
