"""
A broker of Kafka for tests: kfake, a program of Go that is built when first needed.

Knows how it is built and started: `tests/task_images/kfake`. Left out where there is no Go.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "task_images" / "kfake"


@cache
def program() -> Path:
    """Return the program; the cache of Go keeps what it is built from."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("Go is not installed: it builds the broker of the test")
    place = Path(tempfile.gettempdir(), f"headrace-kfake-{os.getuid()}")
    place.mkdir(exist_ok=True)
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # Tests in several processes want it once.
        built = subprocess.run(  # noqa: S603 - our own words
            [go, "build", "-o", place / "kfake", "."],
            cwd=SOURCE,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "CGO_ENABLED": "0"},
        )
    assert built.returncode == 0, built.stderr
    return place / "kfake"


@contextmanager
def broker(*words: str) -> Iterator[str]:
    """
    Start a broker on this machine; give its address.

    Args:
        words: Topics as `name:partitions`, options before them.

    """
    pipe = subprocess.PIPE
    with subprocess.Popen([program(), *words], stdout=pipe, text=True) as process:  # noqa: S603
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            assert address, "the broker has not started; its errors are above"
            yield address
        finally:
            process.terminate()
