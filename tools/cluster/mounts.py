"""
The mounts below a folder, and its removal without emptying a volume.

Knows the kernel's list of mounts. Does not know who mounted.
"""

import shutil
from pathlib import Path

from tools.cluster.commands import run
from tools.cluster.failure import ClusterError

_TABLE = Path("/proc/self/mounts")
_ESCAPES = {r"\040": " ", r"\011": "\t", r"\012": "\n", r"\134": "\\"}


def below(folder: Path, table: str) -> tuple[str, ...]:
    """
    Return the mount points in and at the folder, the innermost first.

    Args:
        folder: An absolute path without symbolic links.
        table: The content of `/proc/self/mounts`.

    """
    points = (_plain(line.split(" ")[1]) for line in table.splitlines())
    inside = {point for point in points if Path(point).is_relative_to(folder)}
    return tuple(sorted(inside, reverse=True))


def _plain(point: str) -> str:
    for escape, character in _ESCAPES.items():
        point = point.replace(escape, character)
    return point


def unmount_below(folder: Path) -> None:
    points = below(folder, _TABLE.read_text())
    for start in range(0, len(points), 100):  # one command line has room for some hundreds
        run("umount", "--lazy", *points[start : start + 100])


def remove_folder(folder: Path) -> None:
    """
    Unmount all below the folder and remove it.

    Raises:
        ClusterError: Something is still mounted there; nothing was removed, for a volume's
            content is not ours.

    """
    if not folder.exists():
        return
    unmount_below(folder)
    left = below(folder, _TABLE.read_text())
    if left:
        raise ClusterError(f"{left[0]} is still mounted: unmount it, then remove {folder}")
    shutil.rmtree(folder)
