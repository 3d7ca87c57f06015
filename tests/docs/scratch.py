"""
A copy of the repository in which commands of the documentation may do as they like.

Knows which files belong to the repository, and makefile targets that must count as done.
"""

import shutil
import sys
from pathlib import Path

from docs.blocks import ROOT


def copy_repository(target: Path) -> Path:
    """
    Copy what a fresh clone would have, and give it the virtual environment of these tests.

    The environment is linked and counts as made, so `make` in the copy installs nothing into it.
    """
    lines = (line.strip("/ ") for line in (ROOT / ".gitignore").read_text().splitlines())
    ignored = [line for line in lines if line]
    names = shutil.ignore_patterns(".git", "data", "published", *ignored)
    paths = {ROOT / line for line in ignored}

    def never(folder: str, entries: list[str]) -> set[str]:
        return names(folder, entries) | {each for each in entries if Path(folder, each) in paths}

    shutil.copytree(ROOT, target, ignore=never, symlinks=True)
    environment = target / ".venv"
    environment.mkdir()
    for entry in Path(sys.prefix).iterdir():
        if entry.name != ".dev":
            (environment / entry.name).symlink_to(entry)
    (environment / ".dev").touch()
    return target
