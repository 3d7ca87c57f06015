"""
What tests of templates share. Each fixture says in its file how it is used.

`python_of`: the environment of an image, as on a laptop. `forked`: programs that start in
milliseconds. `killed`: programs that are killed at many points, and run again. `hostile`: texts
that must stay data. `canary`: a secret that must turn up nowhere. `postgres_server`,
`mariadb_server`: real servers with passwords and certificates.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

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
def environments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder for the environments of images: a new one, or what HEADRACE_CACHE names."""
    named = os.environ.get("HEADRACE_CACHE")
    return Path(named).absolute() if named else tmp_path_factory.mktemp("cache")


@pytest.fixture
def example(
    environments: Path, python_of: Callable[[str], Path], tmp_path: Path
) -> Callable[[str], dict[str, Any]]:
    """Return what runs the example of an image's README with `headrace run`; gives its outputs."""

    def run(image: str) -> dict[str, Any]:
        python_of(image)
        text = (IMAGES / image / "README.md").read_text().partition("```yaml\n")[2]
        (tmp_path / "example.yaml").write_text(text.partition("```")[0])
        words = [sys.executable, "-c", "from headrace.cli.main import main; main()", "run"]
        done = subprocess.run(  # noqa: S603 - our own program
            [*words, "example.yaml", "--runner", "process"],
            cwd=tmp_path,
            env={**os.environ, "HEADRACE_CACHE": str(environments)},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert 0 == done.returncode, done.stdout + done.stderr
        return {
            path.parent.name: json.loads(path.read_text())
            for path in (tmp_path / ".headrace").rglob("*outputs*")
            if path.is_file()
        }

    return run


@pytest.fixture(scope="session")
def python_of(environments: Path) -> Callable[[str], Path]:
    """Return what gives the interpreter with the packages of an image."""
    folder = environments

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
