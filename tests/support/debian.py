"""Programs that tests need, installed from Debian's packages where that can be done."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

T = TypeVar("T")

_QUIET = ("apt-get", "-qq", "-o", "DPkg::Lock::Timeout=60")


def installed(find: Callable[[], T | None], *packages: str) -> T:
    """
    Return what is found, after an installation if need be; else leave the test out.

    Args:
        find: Returns the program, None where it is missing.
        packages: Those of Debian that have it.

    """
    lock = Path(tempfile.gettempdir(), "headrace-apt.lock")
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # Tests in several processes want it once.
        found = find()
        if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
            update = subprocess.run([*_QUIET, "update"], capture_output=True, check=False)  # noqa: S603
            if update.returncode == 0:
                words = [*_QUIET, "install", "-y", "--no-install-recommends", *packages]
                subprocess.run(words, capture_output=True, check=False)  # noqa: S603 - our words
            found = find()
    if found is None:
        pytest.skip(f"something is not installed: apt-get install {' '.join(packages)}")
    return found
