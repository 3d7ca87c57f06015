"""
Files that a task's program may have replaced by something else.

Reading never waits, follows no link, and reads only the requested bytes. Knows no file.
"""

import os
import stat
from pathlib import Path
from typing import Final

_KINDS: Final = (
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
)


class ReplacedError(Exception):
    """Something else is in the place of the file. The text says what."""


def read(path: Path, limit: int) -> tuple[bytes, int]:
    """
    Return the first `limit` bytes of a file, and how many it has.

    Raises:
        FileNotFoundError: The file does not exist.
        ReplacedError: It is not a regular file, or it may not be read.

    """
    try:
        # Without O_NONBLOCK, opening a named pipe waits for a writer.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ReplacedError(_what_is_there(path, error)) from None
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise ReplacedError(_kind(found.st_mode))
        return os.read(handle, limit), found.st_size
    except OSError as error:
        raise ReplacedError(error.strerror or "it cannot be read") from None
    finally:
        os.close(handle)


def _what_is_there(path: Path, error: OSError) -> str:
    try:
        kind = path.lstat().st_mode
    except OSError:
        kind = stat.S_IFREG
    return (error.strerror or "it cannot be read") if stat.S_ISREG(kind) else _kind(kind)


def _kind(mode: int) -> str:
    return next((word for test, word in _KINDS if test(mode)), "a device")
