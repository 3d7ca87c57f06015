"""
Leftovers of killed pods outside of an instance's folder.

Knows the other folders of containerd and the CNI plugins. Reads containerd's own notes, so it must
run before the instance's folder is removed. Touches only paths in these notes.
"""

import contextlib
import json
from pathlib import Path

from tools.cluster.commands import run
from tools.cluster.instance import Instance

_NAMESPACES = Path("/run/netns")
_SOCKETS = Path("/run/containerd/s")
_CNI_RESULTS = Path("/var/lib/cni/results")
_LOG_LINKS = Path("/var/log/containers")


def pod_namespaces(specification: str) -> tuple[Path, ...]:
    """Return the network namespaces that a container's runtime specification (JSON) names."""
    try:
        found = json.loads(specification)["linux"]["namespaces"]
    except (ValueError, KeyError):
        return ()  # cut off in the middle of writing
    paths = (
        Path(entry["path"]) for entry in found if entry["type"] == "network" and "path" in entry
    )
    return tuple(_NAMESPACES / path.name for path in paths if path.parent.name == _NAMESPACES.name)


def _tasks(instance: Instance) -> Path:
    """Return where containerd keeps a folder `NAMESPACE/CONTAINER` for each container."""
    return instance.state / "containerd" / "state" / "io.containerd.runtime.v2.task"


def namespaces_of(instance: Instance) -> frozenset[Path]:
    """Return the network namespaces of all pods in containerd's notes."""
    files = _tasks(instance).glob("*/*/config.json")
    return frozenset(path for file in files for path in pod_namespaces(file.read_text()))


def remove(instance: Instance) -> None:
    """Remove the leftovers. Call it when no process of the instance is left."""
    tasks = _tasks(instance)
    for task in tasks.glob("*/*/"):
        for file in _CNI_RESULTS.glob(f"*-{task.name}-*"):
            file.unlink(missing_ok=True)
    for namespace in namespaces_of(instance):
        _remove_namespace(namespace)
    for file in tasks.glob("*/*/address"):
        socket = Path(file.read_text().strip().removeprefix("unix://"))
        if socket.parent == _SOCKETS:
            socket.unlink(missing_ok=True)
    for link in _LOG_LINKS.glob("*.log"):
        with contextlib.suppress(OSError):
            if link.is_symlink() and link.readlink().is_relative_to(instance.logs):
                link.unlink()


def _remove_namespace(namespace: Path) -> None:
    if namespace.exists():
        run("umount", "--lazy", namespace)
        namespace.unlink()
