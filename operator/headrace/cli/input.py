"""Files of manifests by their names, and errors of input that cannot be used."""

from pathlib import Path
from typing import Final

MANIFESTS: Final = (".yaml", ".yml", ".json")
"""How the names of files end that hold manifests."""


def is_manifest(name: str) -> bool:
    """Return whether somebody means a file, and not an object of a cluster."""
    return name.endswith(MANIFESTS) or Path(name).is_file()


class InputError(Exception):
    """The input is wrong. `lines` has one problem each, with the cure."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


class YamlError(ValueError):
    """The text cannot be read. `line` counts from 1; None: the problem is in no single line."""

    def __init__(self, line: int | None, message: str) -> None:
        super().__init__(message)
        self.line = line
