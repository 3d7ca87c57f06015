"""
The manifests of a folder, and when they have changed.

Knows files and their times. `folder_reading` reads them.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from headrace.cli.folder_reading import Check, files_of, read_folder
from headrace.cli.templates import Here
from headrace.local.reading import Reading

RESTLESS_LOOKS: Final = 10
"""After so many looks, a folder is read although somebody keeps writing to it."""

LOOKS_AT_PROBLEMS: Final = 60
"""After so many looks, files with problems are read again: the cure may lie outside of them, such
as a program that was missing."""

Stamp = tuple[str, int, int, int]
"""A file: name, time of the last change, size and number."""


class ManifestFolder:
    """
    The manifests of a folder, read again when they have changed and nobody writes to them.

    Args:
        folder: The folder.
        check: Yields what keeps a workflow from running on this machine.
        here: Where on this machine its workflows run.

    """

    def __init__(self, folder: Path, check: Check, here: Here) -> None:
        self._folder = folder
        self._check = check
        self._here = here
        self._seen: tuple[Stamp, ...] = ()
        self._read: tuple[Stamp, ...] | None = None
        self._restless = 0
        self._troubled: int | None = None
        """How many looks ago files with problems were read; None: there are none."""
        self._asked = True

    def ask(self) -> None:
        """Read all files at the next look, whether or not they have changed."""
        self._asked = True

    async def look(self) -> Reading | None:
        """
        Return all manifests if they have changed; at the first time, in any case.

        Raises:
            OSError: The folder cannot be read.

        """
        stamps = tuple(_stamps(self._folder))
        if not self._due(stamps):
            return None
        reading = await asyncio.to_thread(read_folder, self._folder, self._check, self._here)
        self._read, self._asked, self._restless = stamps, False, 0
        self._troubled = 0 if reading.wrong or reading.unreadable else None
        return reading

    def _due(self, stamps: tuple[Stamp, ...]) -> bool:
        """Return whether to read the files now; remember this look."""
        quiet = stamps == self._seen
        self._seen = stamps
        if self._troubled is not None:
            self._troubled += 1
        if self._asked or (self._troubled or 0) >= LOOKS_AT_PROBLEMS:
            return True
        if stamps == self._read:
            return False
        self._restless += 1
        return quiet or self._restless >= RESTLESS_LOOKS


def _stamps(folder: Path) -> Iterator[Stamp]:
    for file in files_of(folder):
        try:
            found = file.stat()
        except FileNotFoundError:  # it has just been removed
            continue
        yield file.name, found.st_mtime_ns, found.st_size, found.st_ino
