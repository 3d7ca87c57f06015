"""
Who holds a run, or a folder: a lock that dies with its process, and the process that signed it.

A light module, for commands that start at once. Knows nothing of a run but its name.
"""

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from headrace.local.folder import StateFolder

_TRIES: Final = 3
_NO_LOCKS: Final = frozenset({errno.EBADF, errno.ENOLCK, errno.EOPNOTSUPP})
"""What a file system says that locks no files, or no folders."""
_LOOK_SECONDS: Final = 0.01
"""Longer than a short check whether a lock is held."""


class HeldError(Exception):
    """Another process holds the lock. The text is its id."""


@contextmanager
def hold(file: Path) -> Iterator[None]:
    """
    Hold a lock, and sign it. The kernel releases it when this process ends, in any way.

    Raises:
        HeldError: Another process holds it.

    """
    lock = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if not _take(lock):
            raise HeldError(_signature(lock))
        os.truncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(lock)


@contextmanager
def hold_folder(folder: Path) -> Iterator[None]:
    """
    Hold a folder itself, and write nothing into it. The kernel releases it, as with `hold`.

    Some network folders cannot be held: there, nothing is held.

    Raises:
        HeldError: Another process holds it, whatever it calls the folder.

    """
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if not _take(lock):
            raise HeldError("unknown")
        yield
    finally:
        os.close(lock)


def holder(folder: StateFolder, run: str) -> str | None:
    """Return the id of the process that holds a run; None if nobody does."""
    try:
        lock = os.open(folder.run_lock(run), os.O_RDWR)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _signature(lock)
    finally:
        os.close(lock)
    return None


def _signature(lock: int) -> str:
    """Return the process id in an open lock."""
    return os.pread(lock, 32, 0).decode(errors="replace").strip() or "unknown"


def _take(lock: int) -> bool:
    """Lock a file, if nobody holds it, not even `holder` for a moment."""
    for _ in range(_TRIES):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_LOOK_SECONDS)
        except OSError as error:
            return error.errno in _NO_LOCKS
        else:
            return True
    return False
