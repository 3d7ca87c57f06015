"""
What tests of templates share. Each fixture says in its file how it is used.

`python_of`: the environment of an image, as on a laptop. `forked`: programs that start in
milliseconds. `killed`: programs that are killed at many points, and run again. `hostile`: texts
that must stay data. `canary`: a secret that must turn up nowhere. `postgres_server`,
`mariadb_server`: real servers with passwords and certificates.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from headrace.local.environments import environment, make
from task_images.canary import canary
from task_images.forking import forked
from task_images.hostility import hostile
from task_images.killing import killed
from task_images.programs import CONTRACT, IMAGES, Ended, Program, called, variables
from task_images.servers import certificates, mariadb_server, postgres_server

__all__ = [
    "CONTRACT",
    "IMAGES",
    "Ended",
    "Program",
    "called",
    "canary",
    "certificates",
    "forked",
    "hostile",
    "killed",
    "mariadb_server",
    "postgres_server",
    "variables",
]


@pytest.fixture(scope="session")
def python_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return what gives the interpreter with the packages of an image."""
    folder = tmp_path_factory.mktemp("cache")

    def made(image: str) -> Path:
        before = os.environ.get("HEADRACE_CACHE")
        os.environ["HEADRACE_CACHE"] = str(folder)
        try:
            listed = IMAGES / image / "requirements.txt"
            wanted = environment(Path(sys.executable), listed, (CONTRACT,))
            make(wanted, image, lambda _: None)
        finally:
            if before is None:
                del os.environ["HEADRACE_CACHE"]
            else:
                os.environ["HEADRACE_CACHE"] = before
        return wanted.python

    return made
