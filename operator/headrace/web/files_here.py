"""
The workflows in the files of this machine: beside the folder of state, and where runs began.

Knows files and names. A file that cannot be read has none: whoever starts something of it is told.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from headrace.api.v1alpha1.group import API_VERSION
from headrace.cli.input import MANIFESTS, InputError
from headrace.cli.window.exits import WindowError
from headrace.cli.window.laptop import LaptopSource
from headrace.cli.workflow_file import FileObject, is_workflow, objects_of, read_workflow
from headrace.views.objects import Object

_FILES: Final = 1000
"""How many files are remembered as they were last read."""


@dataclass(frozen=True, slots=True)
class FileHere:
    """A workflow in a file."""

    path: Path
    value: Object
    """The manifest; it may have problems."""
    others: tuple[Path, ...]
    """The other manifests of the folder, which may have what it calls and uses."""

    def words(self, name: str) -> list[str]:
        """Return the words of a command that runs it."""
        return ["run", str(self.path), *map(str, self.others), "--name", name]

    def check(self, name: str) -> None:
        """
        Refuse a workflow with problems.

        Raises:
            WindowError: It has some; the message has a line for each.

        """
        try:
            read_workflow(self.path, name, None, self.others)
        except InputError as error:
            raise WindowError(str(error)) from error


def files_here(source: LaptopSource) -> dict[str, FileHere]:
    """Return the workflows of files by name. Of two with one name, the folder itself has it."""
    home = source.stored.folder.root.parent
    found: dict[str, FileHere] = {}
    for folder in dict.fromkeys([home, *source.stored.homes()]):
        read = {path: _objects(*stamp) for path, stamp in _manifests(folder)}
        ours = [path for path, objects in read.items() if objects]
        for path, objects in read.items():
            others = tuple(each for each in ours if each != path)
            for item in objects:
                if is_workflow(item.value) and item.name:
                    found.setdefault(item.name, FileHere(path, item.value, others))
    return found


def _manifests(folder: Path) -> Iterator[tuple[Path, tuple[Path, int, int]]]:
    """Yield the files that may hold manifests, each with what changes when it does."""
    try:
        paths = sorted(folder.iterdir())
        for path in paths:
            if path.suffix in MANIFESTS and not path.name.startswith(".") and path.is_file():
                found = path.stat()
                yield path, (path, found.st_mtime_ns, found.st_size)
    except OSError:
        return  # somebody has removed the folder, or a file of it


@lru_cache(_FILES)
def _objects(path: Path, _changed: int, _size: int) -> tuple[FileObject, ...]:
    """Return the objects of a file that are ours."""
    try:
        found = objects_of(path)
    except InputError:
        return ()
    return tuple(
        each
        for each in found
        if isinstance(each.value, Mapping) and each.value.get("apiVersion") == API_VERSION
    )
