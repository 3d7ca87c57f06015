"""
Stray processes of a task, outside of its process group.

Their inherited variables identify them: HEADRACE_OUTPUTS names a file that no other attempt has.
Knows /proc; on a system without /proc, it finds nothing.
"""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")


def kill(prefix: Path | str) -> int:
    """
    Kill the processes with an outputs file under this prefix; return their number.

    Args:
        prefix: A file, or a folder with a slash at its end.

    """
    mark = b"HEADRACE_OUTPUTS=" + os.fsencode(prefix)
    return sum(_kill(pid, mark) for pid in _pids())


def _pids() -> Iterator[int]:
    if not _PROC.is_dir():
        return
    for entry in os.scandir(_PROC):
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            yield int(entry.name)


def _kill(pid: int, mark: bytes) -> bool:
    if not _marked(pid, mark):
        return False
    try:
        handle = os.pidfd_open(pid)
    except OSError:
        return False
    try:
        # Checked again with a handle of the process: another process may have the id now.
        if not _marked(pid, mark):
            return False
        signal.pidfd_send_signal(handle, signal.SIGKILL)
    except OSError:
        return False
    finally:
        os.close(handle)
    return True


def _marked(pid: int, mark: bytes) -> bool:
    try:
        environment = (_PROC / str(pid) / "environ").read_bytes()
    except OSError:  # ended meanwhile, or somebody else's
        return False
    return any(variable.startswith(mark) for variable in environment.split(b"\0"))
