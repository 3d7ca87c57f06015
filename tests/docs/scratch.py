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
    ignored = (line.strip("/ ") for line in (ROOT / ".gitignore").read_text().splitlines())
    never = shutil.ignore_patterns(".git", "data", "published", *filter(None, ignored))
    shutil.copytree(ROOT, target, ignore=never, symlinks=True)
    environment = target / ".venv"
    environment.mkdir()
    for entry in Path(sys.prefix).iterdir():
        if entry.name != ".dev":
            (environment / entry.name).symlink_to(entry)
    (environment / ".dev").touch()
    return target
