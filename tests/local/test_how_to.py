"""Each command of docs/how-to/run-locally.md does what it says."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/how-to/run-locally.md"
COMMANDS = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return a folder like the repository's, where neither podman nor docker answers."""
    shutil.copytree(ROOT / "docs/tutorial", tmp_path / "docs/tutorial")
    shims = tmp_path / "shims"
    shims.mkdir()
    for engine in ("podman", "docker"):
        (shims / engine).write_text("#!/bin/sh\nexit 1\n")
        (shims / engine).chmod(0o755)
    return tmp_path


def test_there_are_commands() -> None:
    """The page is read as it is written."""
    assert len(COMMANDS) >= 4


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_work(place: Path, command: str) -> None:
    """As it stands on the page, a block at a time, in a shell, from the top folder."""
    path = os.pathsep.join((str(place / "shims"), str(Path(sys.executable).parent), os.defpath))

    done = subprocess.run(  # noqa: S603 - a page of our own
        ["/bin/sh", "-e", "-c", command],
        cwd=place,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert 0 == done.returncode, done.stdout + done.stderr
    assert "succeeded in" in done.stdout
