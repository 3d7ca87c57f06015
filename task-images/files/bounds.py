"""How many files and bytes one task may write, and what it has written."""

from collections.abc import Iterator
from typing import Protocol

from task_contract import CheckFailed, progress

EVERY = 256 << 20
"""After so many bytes, a line tells how far it is."""


class Digest(Protocol):
    """A hash that is being made."""

    def update(self, data: bytes, /) -> None:
        """Add some bytes."""

    def hexdigest(self) -> str:
        """Return it."""


class Bounds:
    """Counts, and refuses what is too much."""

    def __init__(self, files: int, size: int) -> None:
        """Allow so many files, and so many bytes in all."""
        self._most_files, self._most_bytes = files, size
        self.files = 0
        self.bytes = 0
        self._told = 0

    def file(self) -> None:
        """
        Count a file.

        Raises:
            CheckFailed: It is one too many.

        """
        self.files += 1
        if self.files > self._most_files:
            raise CheckFailed(f"there are more than {self._most_files:,} files; raise maxFiles")

    def expect(self, size: int) -> None:
        """
        Refuse what would be too much, before anything is read.

        Raises:
            CheckFailed: It would.

        """
        if self.bytes + size > self._most_bytes:
            raise CheckFailed(f"that is more than {self._most_bytes:,} bytes; raise maxBytes")

    def counted(self, parts: Iterator[bytes], digest: Digest) -> Iterator[bytes]:
        """Pass parts on, count them and add them to a hash."""
        before = self.bytes
        try:
            for part in parts:
                self.expect(len(part))
                self.bytes += len(part)
                digest.update(part)
                if self.bytes - self._told >= EVERY:
                    self._told = self.bytes
                    progress(self.bytes, what="bytes")
                yield part
            before = self.bytes
        finally:
            self.bytes = before  # What was cut off does not count.
