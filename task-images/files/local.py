"""
Files of this machine: a volume of the pod, a folder of a laptop.

Follows no link: a link below the folder could lead out of it. Publishes by renaming.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from stat import S_ISREG

from stores import CHUNK, Entry, is_part, part_name
from task_contract import End, WrongInput

NAMED_WRONG = {errno.ENAMETOOLONG, errno.EISDIR, errno.ENOTDIR, errno.EINVAL, errno.ELOOP}


class Local:
    """The file system."""

    def __init__(self, mark: str, parameter: str) -> None:
        """
        Work on files.

        Args:
            mark: A part of the names of unfinished files: the same one after a retry.
            parameter: Whom messages name.

        """
        self._mark = mark
        self._parameter = parameter

    def list(self, folder: str) -> Iterator[Entry]:
        """List all files below a folder."""
        base = Path(folder or ".")
        if not base.exists():
            return
        if not base.is_dir():
            raise WrongInput(f"{folder} is no folder; correct {self._parameter}")
        for above, folders, names in os.walk(base, onerror=self._refused):
            folders.sort()
            for name in sorted(names):
                path = os.path.normpath(os.path.join(above, name))  # noqa: PTH118 - as os.walk gives them
                found = self.stat(path)
                if found is not None and not is_part(name):
                    yield found

    def stat(self, path: str) -> Entry | None:
        """Return one file."""
        try:
            about = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            raise self._failed(path, error) from error
        if not S_ISREG(about.st_mode):
            return None
        changed = datetime.fromtimestamp(about.st_mtime, UTC).isoformat(timespec="seconds")
        version = f"{about.st_size}-{about.st_mtime_ns}-{about.st_ino}"
        return Entry(path, about.st_size, changed, version)

    def read(self, entry: Entry) -> Iterator[bytes]:
        """Read a file."""
        try:
            with Path(entry.path).open("rb") as file:
                while part := file.read(CHUNK):
                    yield part
        except OSError as error:
            raise self._failed(entry.path, error) from error

    def write(self, path: str, parts: Iterator[bytes], size: int) -> None:  # noqa: ARG002 - of the protocol
        """Write beside the file, then rename."""
        whole = Path(path)
        part = whole.with_name(part_name(whole.name, self._mark))
        try:
            whole.parent.mkdir(parents=True, exist_ok=True)
            part.unlink(missing_ok=True)  # Of an attempt that was killed.
            with part.open("xb") as file:
                for each in parts:
                    file.write(each)
                file.flush()
                os.fsync(file.fileno())
            part.replace(whole)
        except (OSError, ValueError) as error:
            raise self._failed(path, error) from error
        finally:
            with suppress(OSError, ValueError):
                part.unlink(missing_ok=True)

    def delete(self, path: str) -> None:
        """Delete a file."""
        try:
            Path(path).unlink(missing_ok=True)
        except OSError as error:
            raise self._failed(path, error) from error

    def shortcut(self, entry: Entry, path: str, *, move: bool) -> bool:
        """Rename a file, on the same file system."""
        if not move:
            return False
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            os.rename(entry.path, path)  # noqa: PTH104 - of two texts
        except OSError:
            return False  # Another file system; or what is wrong, the long way says.
        return True

    def _refused(self, error: OSError) -> None:
        raise self._failed(str(error.filename), error)

    def _failed(self, path: str, error: Exception) -> End:
        why = error.strerror if isinstance(error, OSError) else str(error)
        if not isinstance(error, OSError) or error.errno in NAMED_WRONG:
            return WrongInput(f"{path[:200]!r}: {why}; correct {self._parameter}")
        return End(f"{path[:200]}: {why}; correct {self._parameter}, or make room and rights there")


def stays_below(folder: str, path: str) -> bool:
    """Return whether a path below a folder stays there, whatever links there are."""
    base = Path(folder or ".").resolve()
    return Path(path).parent.resolve().is_relative_to(base) and not Path(path).is_symlink()
