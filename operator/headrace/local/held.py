"""
Who holds a run: the lock of its runner, and the process that signed it.

A light module, for commands that start at once. Knows nothing of a run but its name.
"""

import fcntl
import os

from headrace.local.folder import StateFolder


def holder(folder: StateFolder, run: str) -> str | None:
    """Return the id of the process that holds a run; None if nobody does."""
    try:
        lock = os.open(folder.run_lock(run), os.O_RDWR)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return signature(lock)
    finally:
        os.close(lock)
    return None


def signature(lock: int) -> str:
    """Return the process id in an open lock."""
    return os.pread(lock, 32, 0).decode(errors="replace").strip() or "unknown"
